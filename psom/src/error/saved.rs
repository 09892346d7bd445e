/// A value was not saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The key is empty or has an empty part.
    #[error("`{key}` was not saved: a key and its parts must not be empty")]
    Key {
        /// The key.
        key: String,
    },
    /// The value has a number that JSON cannot represent.
    #[error("`{key}` was not saved: JSON has no number {number}")]
    NonFinite {
        /// The key.
        key: String,
        /// An infinity or NaN.
        number: f64,
    },
    /// JSON cannot represent the value, such as a map whose keys are neither strings nor integers.
    #[error("`{key}` was not saved: {source}")]
    Json {
        /// The key.
        key: String,
        /// The serializer's error.
        source: serde_json::Error,
    },
}

/// A saved value cannot be restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedValueError {
    /// Nothing is saved under a key that must have a value.
    #[error("`{key}` is missing")]
    Missing {
        /// The key.
        key: String,
    },
    /// The saved text is not the JSON that the key requires.
    #[error("`{key}` cannot be read: {source}")]
    Unreadable {
        /// The key.
        key: String,
        /// The parser's error.
        source: serde_json::Error,
    },
}
