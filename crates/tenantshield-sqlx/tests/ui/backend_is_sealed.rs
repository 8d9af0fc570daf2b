//! Nobody else can declare a database to be guarded.

struct Mine;

impl tenantshield_sqlx::Backend for Mine {}

fn main() {}
