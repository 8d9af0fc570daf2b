//! Only tenant-aware models can be registered as such.

struct Plan;

fn main() {
    let _builder = tenantshield_core::Catalog::builder().model::<Plan>();
}
