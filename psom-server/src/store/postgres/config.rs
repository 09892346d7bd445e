/// The configuration of a node of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// The URL of the database: `postgres://USER@HOST/DATABASE`.
    pub url: String,
    /// The name of the node, which no other node has.
    pub node: String,
    /// The address of the node's conference, `host:port`.
    pub address: String,
    /// The address of the node's web server, a URL without a path.
    pub http: String,
}
