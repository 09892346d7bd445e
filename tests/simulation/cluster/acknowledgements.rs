/// The acknowledgements of all nodes, in the order of the simulated time.
#[derive(Default)]
pub(super) struct Acknowledgements {
    /// The epoch and the node of the last one.
    last: Option<(i64, usize)>,
}

impl Acknowledgements {
    /// Notes an acknowledgement. Those of different pairs of a node and an epoch must not overlap: after
    /// one with a higher epoch, none with a lower epoch follows, and an epoch belongs to one node.
    ///
    /// Reports whether the pair is a new one.
    pub(super) fn note(&mut self, node: usize, epoch: i64) -> Result<bool, String> {
        match self.last.replace((epoch, node)) {
            Some((last, other)) if (last, other) != (epoch, node) && epoch <= last => Err(format!(
                "acknowledgements overlap: node {node} acknowledges in epoch {epoch} after node {other} \
                 did in epoch {last}"
            )),
            last => Ok(last != Some((epoch, node))),
        }
    }
}
