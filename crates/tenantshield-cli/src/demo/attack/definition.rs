//! What an attack is: a request, the legitimate version of it, and a detector.

use std::pin::Pin;

use crate::demo::client::Call;
use crate::demo::fault::Fault;
use crate::demo::finding::Finding;
use crate::demo::world::World;

/// Which fence stops an attack.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fence {
    Guard,
    Handler,
    Key,
    Resolver,
    Type,
}

impl Fence {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Handler => "handler",
            Self::Key => "key",
            Self::Resolver => "resolver",
            Self::Type => "type",
        }
    }
}

/// What the audit trail must say of the shielded run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Evidence {
    /// One admission of the caller and no refusal: isolation is by filtering.
    Admitted,
    /// One refusal with this code.
    Refused(&'static str),
}

pub(crate) type Played<'a> = Pin<Box<dyn Future<Output = Result<Finding, Fault>> + Send + 'a>>;

/// How an attack is run and judged.
#[derive(Clone, Debug)]
pub(crate) enum Strike {
    /// The answer must carry nothing of another tenant.
    Look(Call),
    /// The first call acts, the second one looks at what came of it.
    ActAndLook(Call, Call),
    /// The answer must be what it would be if the others did not exist.
    Alone(Call, &'static str),
    /// A foreign thing and an absent thing must get the same answer.
    Compare { foreign: Call, absent: Call },
    /// A play of several acts.
    Play(fn(&World) -> Played<'_>),
}

/// One way in which other systems leaked.
#[derive(Clone, Debug)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// The row of the catalogue of leaks.
    pub(crate) row: u16,
    pub(crate) fence: Fence,
    pub(crate) evidence: Evidence,
    /// The legitimate version of the request, which must succeed in both products.
    pub(crate) control: Call,
    pub(crate) strike: Strike,
}

impl Attack {
    pub(super) fn filtered(name: &'static str, row: u16, control: Call, strike: Strike) -> Self {
        Self {
            name,
            row,
            fence: Fence::Guard,
            evidence: Evidence::Admitted,
            control,
            strike,
        }
    }

    pub(super) fn refused(
        name: &'static str,
        row: u16,
        code: &'static str,
        control: Call,
        strike: Strike,
    ) -> Self {
        let evidence = Evidence::Refused(code);
        Self {
            name,
            row,
            fence: Fence::Guard,
            evidence,
            control,
            strike,
        }
    }

    pub(super) const fn behind(mut self, fence: Fence) -> Self {
        self.fence = fence;
        self
    }

    pub(crate) fn lesson(&self) -> String {
        format!("leaks.md:{}", self.row)
    }
}
