//! What an attack brought to light.

/// What an attack gave away, if anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finding {
    /// What leaked, in words; none when nothing did.
    pub(crate) leak: Option<String>,
    /// Why the attack could not be judged, if it could not.
    pub(crate) fault: Option<String>,
    /// The status of the decisive answer.
    pub(crate) status: u16,
    /// Whether the legitimate request saw the caller's own data.
    pub(crate) sees_own: bool,
    pub(crate) micros: u64,
    /// The numbers of the audit events that the decisive request caused: from, until.
    pub(crate) events: (u64, u64),
}
