//! The attacks of the tour.

mod background;
pub(crate) mod definition;
mod identity;
mod inject;
mod read;
mod write;

use self::definition::Attack;

/// All attacks, in the order of the tour.
pub(crate) fn all() -> Vec<Attack> {
    let mut attacks = read::attacks();
    attacks.extend(inject::attacks());
    attacks.extend(write::attacks());
    attacks.extend(identity::attacks());
    attacks.extend(background::attacks());
    attacks
}
