//! Compares the database of the simulated cluster (`tests/simulation/cluster`) with the real statements: random
//! statements of three nodes have the same answers in both.

// The simulated database refers to the rules of leases as its neighbors.
use super::super::lease_rules;

#[path = "../../../../../tests/simulation/cluster/database.rs"]
#[expect(dead_code, reason = "the simulation uses the rest")]
#[expect(unreachable_pub, reason = "the simulation exports them")]
mod database;

use sqlx::{Connection as _, PgConnection, query};

use self::database::{Database as Model, Ownership as ModelOwnership};
use super::{
    super::{
        database::Statement,
        group::WriteGroup,
        lease::{Register, renew_on},
        lease_rules::Incarnation,
        statements::{Commit, Create, HandOver, Locate, NodeKey, Ownership, TakeOver},
    },
    server::shared_server,
    *,
};

const NODES: [&str; 3] = ["one", "two", "three"];

/// The number of statements.
const STEPS: usize = 1500;

/// A database beside the model of it.
struct Compared {
    connection: PgConnection,
    model: Model,
    now: Instant,
    /// The incarnation that each node believes to have.
    incarnations: [Incarnation; 3],
    url: String,
}

impl Compared {
    async fn run<S: Statement>(&mut self, statement: S) -> S::Answer {
        statement.run(&mut self.connection).await.unwrap()
    }

    async fn register(&mut self, node: usize) {
        let config = config(&self.url, NODES[node]);
        let incarnation = self.run(Register(&config, false)).await;
        assert_eq!(self.model.register(node, self.now), incarnation);
        self.incarnations[node] = incarnation;
        self.prolong().await;
    }

    async fn renew(&mut self, node: usize) {
        let incarnation = self.incarnations[node];
        let renewed = renew_on(&mut self.connection, NODES[node], incarnation).await.unwrap();
        assert_eq!(self.model.renew((node, incarnation), self.now), renewed);
        self.prolong().await;
    }

    /// Keeps the real leases from ending by themselves.
    async fn prolong(&mut self) {
        let sql = "UPDATE nodes SET expires = clock_timestamp() + '1 hour' WHERE expires > clock_timestamp()";
        query(sql).execute(&mut self.connection).await.unwrap();
    }

    /// Lets the lease of a node expire. No node has noticed it yet.
    async fn expire(&mut self, node: usize) {
        self.model.expire(node, self.now);
        let sql = "UPDATE nodes SET expires = clock_timestamp() - interval '1 s' WHERE id = $1";
        query(sql).bind(NODES[node]).execute(&mut self.connection).await.unwrap();
    }

    fn key(&self, node: usize) -> NodeKey<'static> {
        NodeKey { node: NODES[node], incarnation: self.incarnations[node] }
    }

    async fn take_over(&mut self, node: usize) {
        let by = self.key(node);
        let (taken, owner) = self.run(TakeOver { by, meeting: "team" }).await;
        let key = (node, self.incarnations[node]);
        self.model.bury(self.now);
        let free = self.model.free_epoch(key);
        assert_eq!(free.is_some_and(|free| self.model.take_over(key, free)), taken);
        self.check_owner(&owner);
    }

    fn check_owner(&self, owner: &Ownership) {
        let owner = match owner {
            Ownership::NoMeeting => panic!("there is a meeting"),
            Ownership::Free => ModelOwnership::Free,
            Ownership::Node { owner, incarnation, epoch } => {
                let node = NODES.iter().position(|node| *node == owner.node).unwrap();
                ModelOwnership::Node { owner: (node, *incarnation), epoch: *epoch }
            }
        };
        assert_eq!(self.model.find_owner(), owner);
    }

    async fn commit(&mut self, node: usize, epoch: i64) {
        let mut group = WriteGroup::default();
        group.add("team", epoch, &[save("a", "1")]);
        let by = self.key(node);
        let arrays = group.arrays();
        let passed = self.run(Commit { by, arrays: &arrays }).await;
        let key = (node, self.incarnations[node]);
        assert_eq!(self.model.passes_fence(key, epoch), !passed.is_empty());
    }

    async fn hand_over(&mut self, node: usize, epoch: i64, to: Option<usize>) {
        let successor = to.map(|to| NODES[to]);
        let by = self.key(node);
        let handed = self.run(HandOver { by, meeting: "team", epoch, to: successor }).await;
        let key = (node, self.incarnations[node]);
        assert_eq!(self.model.hand_over(key, epoch, to, self.now), handed);
    }
}

#[tokio::test]
async fn simulated_database_answers_like_the_real_one() {
    let Some(server) = shared_server() else { return };
    let url = server.create_database();
    // Creates the tables, and ends its lease.
    open(&url, "none").await.close().await.unwrap();
    server.execute(url.rsplit('/').next().unwrap(), "ALTER SEQUENCE psom.incarnations RESTART");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    query("SET search_path = psom").execute(&mut connection).await.unwrap();
    let mut rng = fastrand::Rng::with_seed(19);
    let (model, now) = (Model::new(None), Instant::now());
    let mut compared = Compared { connection, model, now, incarnations: [0; 3], url };
    for node in 0..3 {
        compared.register(node).await;
    }
    // The model begins with a free meeting in epoch 0.
    let (by, meeting) = (compared.key(0), stored("team"));
    assert!(compared.run(Create { by, meeting: &meeting }).await);
    let sql = "UPDATE meetings SET owner = NULL, incarnation = NULL, epoch = 0";
    query(sql).execute(&mut compared.connection).await.unwrap();
    let mut answers = std::collections::BTreeMap::<&str, usize>::new();
    for _ in 0..STEPS {
        let node = rng.usize(..3);
        // Mostly the right epoch.
        let epoch = match compared.model.find_owner() {
            ModelOwnership::Node { epoch, .. } => epoch - i64::from(rng.u8(..4) == 0),
            ModelOwnership::Free => rng.i64(0..5),
        };
        let step = match rng.u8(..16) {
            0 => {
                compared.register(node).await;
                "register"
            }
            1..4 => {
                compared.renew(node).await;
                "renew"
            }
            4 => {
                compared.expire(node).await;
                "expire"
            }
            5..9 => {
                compared.take_over(node).await;
                "take over"
            }
            9..13 => {
                compared.commit(node, epoch).await;
                "commit"
            }
            13 | 14 => {
                let to = rng.bool().then(|| rng.usize(..3));
                compared.hand_over(node, epoch, to).await;
                "hand over"
            }
            _ => {
                let owner = compared.run(Locate("team")).await;
                compared.check_owner(&owner);
                "locate"
            }
        };
        *answers.entry(step).or_default() += 1;
    }
    assert_eq!(answers.len(), 7, "{answers:?}");
}
