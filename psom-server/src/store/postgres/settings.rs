//! Values that all nodes of a cluster have in common, such as the key of the certificate authority.

use std::collections::BTreeMap;

use sqlx::{PgConnection, Row as _, query};

use super::database::{Database, Statement};
use crate::store::{error::Error, meeting_store::Durability};

/// Adds settings that do not exist yet, and returns all settings of the cluster.
///
/// # Errors
/// The database cannot be reached, refuses access, or is not configured for the durability.
pub(crate) async fn share_settings(
    url: &str,
    durability: Durability,
    offered: &[(&str, String)],
) -> Result<BTreeMap<String, String>, Error> {
    let database = Database::new(url, "settings", durability)?;
    database.prepare(durability).await?;
    let shared = database.run("share the settings of the cluster", &Share(offered)).await;
    database.close().await;
    shared
}

struct Share<'a>(&'a [(&'a str, String)]);

impl Statement for Share<'_> {
    type Answer = BTreeMap<String, String>;

    async fn run(&self, connection: &mut PgConnection) -> sqlx::Result<Self::Answer> {
        for (name, value) in self.0 {
            query(
                "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            )
            .bind(*name)
            .bind(value)
            .execute(&mut *connection)
            .await?;
        }
        let rows = query("SELECT name, value FROM settings").fetch_all(connection).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}
