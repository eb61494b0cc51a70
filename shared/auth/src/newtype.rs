//! What newtypes have in common: their conversions from and to text, and a
//! `Debug` that shows no secret.

/// Implements what `#[serde(try_from = "String", into = "String")]` needs, for a
/// type with a `parse` and a `Display`.
macro_rules! string_conversions {
    ($name:ident, $error:ty) => {
        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

/// Implements `as_str`, `Display` and the conversions of a newtype over a `String`
/// that has a `parse`.
macro_rules! string_newtype {
    ($name:ident, $error:ty) => {
        impl $name {
            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        $crate::newtype::string_conversions!($name, $error);
    };
}

/// Implements a `Debug` that shows the type's name and nothing secret: either
/// `Name([redacted])`, or `Name(what is shown, [redacted])`.
macro_rules! redacted_debug {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
    ($name:ident, |$value:ident| $shown:expr) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let $value = self;
                write!(f, concat!(stringify!($name), "({}, [redacted])"), $shown)
            }
        }
    };
}

pub(crate) use {redacted_debug, string_conversions, string_newtype};

#[cfg(all(test, feature = "people"))]
mod tests {
    use secrecy::SecretString;

    use crate::client::ClientSecret;
    use crate::code::MailCode;
    use crate::key::{KeyRing, MacKey, SigningKey};
    use crate::password::{Password, TypedPassword};
    use crate::refresh::UnverifiedRefreshToken;
    use crate::token::AccessToken;
    use crate::user::StoredHash;

    /// Does not compile if the type has `==`: then two of the implementations apply.
    macro_rules! assert_has_no_operator {
        ($($secret:ty),+ $(,)?) => {
            $({
                trait Ambiguous<A> {
                    fn check() {}
                }
                struct Comparable;
                impl<T: ?Sized> Ambiguous<()> for T {}
                impl<T: ?Sized + PartialEq> Ambiguous<Comparable> for T {}
                <$secret as Ambiguous<_>>::check();
            })+
        };
    }

    /// `==` stops at the first difference, and its time shows where that is.
    #[test]
    fn no_secret_can_be_compared_with_an_operator() {
        assert_has_no_operator!(
            AccessToken,
            ClientSecret,
            KeyRing,
            MacKey,
            MailCode,
            Password,
            SecretString,
            SigningKey,
            StoredHash,
            TypedPassword,
            UnverifiedRefreshToken,
        );
    }
}
