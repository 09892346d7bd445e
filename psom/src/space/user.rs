use std::{any::Any, fmt, ops::Deref, sync::Arc};

/// The user of a connection, as identified by the server's authenticator. Cheap to clone.
#[derive(Clone)]
pub struct User(Arc<UserData>);

/// The fields of a [`User`].
#[non_exhaustive]
pub struct UserData {
    /// The user's number, the same on all connections of the user.
    pub id: i64,
    /// The user's display name.
    pub name: Box<str>,
    data: Option<Box<dyn Any + Send + Sync>>,
}

impl User {
    /// Creates a user with a number and a name.
    pub fn new(id: i64, name: impl Into<Box<str>>) -> Self {
        Self(Arc::new(UserData { id, name: name.into(), data: None }))
    }

    /// Creates a user with data of the application, such as a role, an address or permissions.
    pub fn with_data(id: i64, name: impl Into<Box<str>>, data: impl Any + Send + Sync) -> Self {
        Self(Arc::new(UserData { id, name: name.into(), data: Some(Box::new(data)) }))
    }

    /// Returns the application's data if it is a `T`.
    pub fn data<T: Any>(&self) -> Option<&T> {
        self.0.data.as_ref()?.downcast_ref()
    }
}

impl Deref for User {
    type Target = UserData;

    fn deref(&self) -> &UserData {
        &self.0
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).field("name", &self.name).finish()
    }
}
