//! The words of each letter.

use gatehouse_auth::mail::MessageKind;

use crate::letter::Letter;

/// A subject and paragraphs, with `{service}`, `{time}` and `{valid_for}` in them.
pub(super) struct Words {
    pub(super) subject: &'static str,
    pub(super) paragraphs: &'static [Paragraph],
}

/// A part of a text.
pub(super) enum Paragraph {
    /// Some sentences.
    Words(&'static str),
    /// The code, on its own line, for whoever does not follow links in mails.
    Code,
    /// The link, if there is a page, with these words on it.
    Link(&'static str),
}

use Paragraph::{Code, Link, Words as Say};

impl Words {
    /// Returns the words of a letter.
    pub(super) const fn of(letter: Letter) -> &'static Self {
        match letter {
            Letter::AddressInUse => &ADDRESS_IN_USE,
            Letter::About(kind) => match kind {
                MessageKind::PasswordReset => &PASSWORD_RESET,
                MessageKind::EmailVerification => &EMAIL_VERIFICATION,
                MessageKind::AddressChangeRequested => &ADDRESS_CHANGE_REQUESTED,
                MessageKind::AddressChanged => &ADDRESS_CHANGED,
                MessageKind::PasswordChanged => &PASSWORD_CHANGED,
                MessageKind::AccountDisabled => &ACCOUNT_DISABLED,
                MessageKind::AccountDeleted => &ACCOUNT_DELETED,
                MessageKind::RefreshReplayed => &REFRESH_REPLAYED,
                MessageKind::NewNetwork => &NEW_NETWORK,
            },
        }
    }
}

const PASSWORD_RESET: Words = Words {
    subject: "Reset your password at {service}",
    paragraphs: &[
        Say(
            "Someone asked to reset the password of your account at {service}. If it was you, \
             use this code to set a new password. It is valid for {valid_for}.",
        ),
        Code,
        Link("Set a new password"),
        Say(
            "If it was not you, you can ignore this mail: your password has not changed. Do not \
             give the code to anyone, because anyone who has it can set your password.",
        ),
    ],
};

const EMAIL_VERIFICATION: Words = Words {
    subject: "Confirm your e-mail address at {service}",
    paragraphs: &[
        Say(
            "Someone entered this e-mail address at {service}. If it was you, use this code to \
             confirm the address. It is valid for {valid_for}.",
        ),
        Code,
        Link("Confirm this address"),
        Say(
            "If it was not you, you can ignore this mail: without the code, nobody can confirm \
             this address. Do not give the code to anyone.",
        ),
    ],
};

const ADDRESS_CHANGE_REQUESTED: Words = Words {
    subject: "Your e-mail address at {service} is about to change",
    paragraphs: &[
        Say(
            "On {time}, someone with your password asked to change the e-mail address of your \
             account at {service}. If it was you, confirm the new address with the code that we \
             sent there. You do not need the code in this mail.",
        ),
        Say(
            "If it was not you, use this code to cancel the change and log out every device. It \
             works until the new address is confirmed, for {valid_for} at most. Afterwards, \
             change your password: someone else knows it.",
        ),
        Code,
        Link("Cancel the change"),
    ],
};

const ADDRESS_CHANGED: Words = Words {
    subject: "Your e-mail address at {service} has changed",
    paragraphs: &[
        Say(
            "On {time}, the e-mail address of your account at {service} was changed. The \
             account no longer uses this address.",
        ),
        Say("If it was not you, contact the people who run {service} right away."),
    ],
};

const PASSWORD_CHANGED: Words = Words {
    subject: "Your password at {service} has changed",
    paragraphs: &[
        Say(
            "On {time}, the password of your account at {service} was changed, and every device \
             was logged out. If it was you, log in with the new password.",
        ),
        Say(
            "If it was not you, reset your password right away, or contact the people who run \
             {service}.",
        ),
    ],
};

const ACCOUNT_DISABLED: Words = Words {
    subject: "Your account at {service} was disabled",
    paragraphs: &[
        Say(
            "On {time}, an administrator disabled your account at {service}. Nobody can log in \
             to it until it is enabled again.",
        ),
        Say("If you have questions, contact the people who run {service}."),
    ],
};

const ACCOUNT_DELETED: Words = Words {
    subject: "Your account at {service} was deleted",
    paragraphs: &[
        Say("On {time}, your account at {service} was deleted. It cannot be restored."),
        Say("If you did not expect this, contact the people who run {service}."),
    ],
};

const REFRESH_REPLAYED: Words = Words {
    subject: "One of your sessions at {service} was ended",
    paragraphs: &[
        Say(
            "On {time}, an outdated copy of the login of one of your devices was used at \
             {service}. Someone may have copied it from the device, so that session was ended, \
             and the device has to log in again.",
        ),
        Say(
            "If you restored that device from a backup, there is nothing to do. If you cannot \
             explain this, check your devices, log out everywhere and change your password.",
        ),
    ],
};

const NEW_NETWORK: Words = Words {
    subject: "New login to your account at {service}",
    paragraphs: &[
        Say(
            "On {time}, someone logged in to your account at {service} from a network that \
             you had not used recently. If it was you, there is nothing to do.",
        ),
        Say("If it was not you, change your password and log out everywhere right away."),
    ],
};

const ADDRESS_IN_USE: Words = Words {
    subject: "Someone entered your e-mail address at {service}",
    paragraphs: &[
        Say(
            "On {time}, someone entered this e-mail address for another account at {service}. \
             You already have an account with this address, so nothing has changed, and they \
             did not learn that you have one.",
        ),
        Say(
            "If it was you, log in to the account that you have. If you forgot its password, \
             you can reset it. If it was not you, there is nothing to do.",
        ),
    ],
};
