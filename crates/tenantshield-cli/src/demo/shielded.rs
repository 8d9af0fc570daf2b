//! What stands before the product when it is shielded: a layer, a shield and a guarded handle.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sqlx::{Sqlite, SqlitePool};
use tenantshield_core::{
    AllowAll, AuditBus, Catalog, MemoryDirectory, Principal, PrincipalId, Shield, TenantId,
    TenantRoles, TenantState,
};
use tenantshield_sql::{Dialect, Guard};
use tenantshield_sqlx::Db;
use tenantshield_tower::{
    Combine, HeaderResolver, HostOptions, HostResolver, JwtAlgorithm, JwtIssuer, JwtKey,
    JwtOptions, JwtResolver, OnMissingTenant, PathResolver, Problem, TenantLayer,
};

use super::fault::Fault;
use super::seed;
use super::store::{Failure, Store};
use super::token::{AUDIENCE, ISSUER, Mint, Person, TYPE};

/// The fences of the shielded product.
#[derive(Clone, Debug)]
pub(crate) struct Shielded {
    pub(crate) db: Db<Sqlite>,
    pub(crate) shield: Shield,
    directory: Arc<MemoryDirectory>,
}

impl Shielded {
    pub(crate) fn new(pool: SqlitePool, bus: AuditBus) -> Result<Self, Fault> {
        let catalog = Catalog::from_toml(seed::CATALOG)
            .map_err(|e| Fault::new("read the product's catalogue", e))?;
        let guard = Guard::new(Arc::new(catalog), Dialect::Sqlite)
            .map_err(|e| Fault::new("make the guard", e))?;
        let db = Db::new(pool, Arc::new(guard))
            .map_err(|e| Fault::new("put the guard before the pool", e))?
            .with_policy(Arc::new(AllowAll))
            .with_bus(bus.clone());
        let directory = Arc::new(MemoryDirectory::new());
        let shield = Shield::builder()
            .directory(Arc::clone(&directory))
            .policy(AllowAll)
            .bus(bus)
            .build()
            .map_err(|e| Fault::new("make the shield", e))?;
        Ok(Self {
            db,
            shield,
            directory,
        })
    }

    /// Puts tenants and members back to their first state.
    pub(crate) fn reset(&self) -> Result<(), Fault> {
        for (tenant, _) in seed::TENANTS {
            self.directory.insert_tenant(tenant_id(tenant)?);
        }
        for person in Person::ALL {
            let tenant = tenant_id(person.tenant())?;
            self.directory
                .add_member(&tenant, principal(person)?, TenantRoles::new());
        }
        Ok(())
    }

    pub(crate) fn suspend(&self, tenant: &str) -> Result<(), Fault> {
        self.directory
            .set_state(&tenant_id(tenant)?, TenantState::Suspended);
        Ok(())
    }

    pub(crate) fn remove_member(&self, person: Person) -> Result<(), Fault> {
        self.directory
            .remove_member(&tenant_id(person.tenant())?, &principal(person)?);
        Ok(())
    }

    /// The handle of the tenant in whose scope this is called.
    pub(crate) fn ambient(&self) -> Result<Store, Failure> {
        self.db
            .current()
            .map(Store::Shielded)
            .map_err(|error| Failure::Refused(Problem::from(error)))
    }

    /// The handle for a job of `tenant` that `principal` asked for.
    pub(crate) async fn for_job(
        &self,
        tenant: Option<&str>,
        principal: Option<Principal>,
    ) -> Result<Store, Failure> {
        let (Some(tenant), Some(principal)) = (tenant, principal) else {
            return self.ambient();
        };
        let tenant = TenantId::new(tenant).map_err(|e| Failure::Refused(Problem::from(e)))?;
        let context = self.shield.admit_for(tenant, principal).await;
        context
            .map(|context| Store::Shielded(self.db.scope(&context)))
            .map_err(|refusal| Failure::Refused(Problem::from_refusal(&refusal)))
    }

    /// The layer that turns a request into a tenant, or refuses it.
    pub(crate) fn layer(&self, mint: &Mint) -> Result<TenantLayer, Fault> {
        let set_up = || -> Result<TenantLayer, tenantshield_tower::Error> {
            let key = JwtKey::jwk(
                &serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
                    "x": URL_SAFE_NO_PAD.encode(mint.public_key()),
                })
                .to_string(),
            )?;
            let issuer = JwtIssuer::new(ISSUER, AUDIENCE, JwtAlgorithm::EdDsa, key)?
                .with_types([TYPE])
                .with_tenant_claim("tenant")
                .with_all_tenants();
            let host = HostOptions::new()
                .with_base_domain("invoices.localhost")?
                .with_neutral_host("localhost")?
                .with_neutral_host("127.0.0.1")?;
            let resolver = Combine::new()
                .with(JwtResolver::new(JwtOptions::new().with_issuer(issuer)?)?)
                .with(HeaderResolver::new("x-tenant-id")?)
                .with(HostResolver::new(host))
                .with(PathResolver::new("/t/{tenant}")?);
            Ok(TenantLayer::new(self.shield.clone(), resolver)
                .with_on_missing_tenant(OnMissingTenant::Raise))
        };
        set_up().map_err(|e| Fault::new("set up the tenant layer", e))
    }
}

fn tenant_id(tenant: &str) -> Result<TenantId, Fault> {
    TenantId::new(tenant).map_err(|e| Fault::new("name a tenant", e))
}

fn principal(person: Person) -> Result<Principal, Fault> {
    let id = PrincipalId::new(person.name()).map_err(|e| Fault::new("name a person", e))?;
    Ok(Principal::user(id).with_issuer(ISSUER))
}
