//! What the layer lets its owner choose.

/// What happens to a request that names no tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever chooses must see every choice"
)]
pub enum OnMissingTenant {
    /// It goes on with no tenant bound; the data layer then refuses every query.
    #[default]
    AllowUnrestricted,
    /// It is refused with 401.
    Raise,
}

/// What the layer says to caches about a tenant's response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever chooses must see every choice"
)]
pub enum ResponseCaching {
    /// The handler's headers stay as they are.
    AsHandlerSays,
    /// `Cache-Control: private, no-store`, unless the handler said something of its own.
    #[default]
    PrivateNoStore,
}
