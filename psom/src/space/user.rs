use std::{any::Any, fmt, ops::Deref, sync::Arc};

/// Who is behind a connection, as the server's authenticator said. Cheap to clone.
#[derive(Clone)]
pub struct User(Arc<UserData>);

/// The fields of a [`User`].
#[non_exhaustive]
pub struct UserData {
    /// The user's number: the same on every connection of the same user.
    pub id: i64,
    /// The user's name, for people.
    pub name: Box<str>,
    data: Option<Box<dyn Any + Send + Sync>>,
}

impl User {
    /// A user with a number and a name.
    pub fn new(id: i64, name: impl Into<Box<str>>) -> Self {
        Self(Arc::new(UserData { id, name: name.into(), data: None }))
    }

    /// A user who carries something of the application: a role, an address, rights.
    pub fn with_data(id: i64, name: impl Into<Box<str>>, data: impl Any + Send + Sync) -> Self {
        Self(Arc::new(UserData { id, name: name.into(), data: Some(Box::new(data)) }))
    }

    /// What the user carries, if it is a `T`.
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
