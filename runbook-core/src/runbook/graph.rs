//! Which step needs which: the order, the rings in it, and what lies upstream of a step. Steps are
//! numbers here, in the order of the text.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A graph of steps.
#[derive(Debug)]
pub(super) struct Graph {
    needs: Vec<Vec<usize>>,
    order: Vec<usize>,
    rings: Vec<Vec<usize>>,
    upstream: Vec<Bits>,
}

/// A set of steps.
#[derive(Clone, Debug, Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn of(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn insert(&mut self, at: usize) {
        self.0[at / 64] |= 1 << (at % 64);
    }

    fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }
}

impl Graph {
    /// The graph in which step `n` needs `needs[n]`.
    pub(super) fn new(needs: Vec<Vec<usize>>) -> Self {
        let order = order(&needs);
        let rings = if order.len() == needs.len() { Vec::new() } else { rings(&needs, &order) };
        let mut upstream = vec![Bits::of(needs.len()); needs.len()];
        for step in &order {
            let mut above = Bits::of(needs.len());
            for need in &needs[*step] {
                above.join(&upstream[*need]);
                above.insert(*need);
            }
            upstream[*step] = above;
        }
        let rest = (0..needs.len()).filter(|step| !order.contains(step)).collect::<Vec<_>>();
        let order = if rest.is_empty() { order } else { (0..needs.len()).collect() };
        Self { needs, order, rings, upstream }
    }

    /// What a step needs by itself.
    pub(super) fn needs(&self, step: usize) -> &[usize] {
        &self.needs[step]
    }

    /// All steps, none before what it needs, else in the order of the text.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Steps that need each other, each ring once, from its first step in the text.
    pub(super) fn rings(&self) -> &[Vec<usize>] {
        &self.rings
    }

    /// Whether `other` must have ended before `step` starts.
    pub(super) fn is_upstream(&self, other: usize, step: usize) -> bool {
        self.upstream[step].contains(other)
    }
}

/// The smallest number first of what needs nothing that is not in the order yet; steps of a ring,
/// and what needs them, are left out.
fn order(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut needed_by = vec![Vec::new(); needs.len()];
    for (step, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|need| needed_by[*need].push(step));
    }
    let ready = |waiting: &[usize], step: &usize| waiting[*step] == 0;
    let mut next: BinaryHeap<Reverse<usize>> =
        (0..needs.len()).filter(|step| ready(&waiting, step)).map(Reverse).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(Reverse(step)) = next.pop() {
        order.push(step);
        for after in &needed_by[step] {
            waiting[*after] -= 1;
            if waiting[*after] == 0 {
                next.push(Reverse(*after));
            }
        }
    }
    order
}

/// From every step that has no place in the order: follow what it needs until a step comes again.
fn rings(needs: &[Vec<usize>], order: &[usize]) -> Vec<Vec<usize>> {
    let mut ordered = vec![false; needs.len()];
    order.iter().for_each(|step| ordered[*step] = true);
    let mut seen = ordered.clone();
    let mut rings = Vec::new();
    for start in 0..needs.len() {
        let mut path: Vec<usize> = Vec::new();
        let mut step = start;
        while !seen[step] {
            seen[step] = true;
            path.push(step);
            let Some(need) = needs[step].iter().find(|need| !ordered[**need]) else { break };
            step = *need;
        }
        if let Some(at) = path.iter().position(|visited| *visited == step)
            && needs[*path.last().unwrap_or(&step)].contains(&step)
        {
            let mut ring = path.split_off(at);
            let first = ring.iter().enumerate().min_by_key(|(_, step)| **step);
            let first = first.map_or(0, |(at, _)| at);
            ring.rotate_left(first);
            rings.push(ring);
        }
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_14_no_step_comes_before_what_it_needs() {
        let graph = Graph::new(vec![vec![2], vec![], vec![1], vec![0]]);
        assert_eq!(graph.order(), [1, 2, 0, 3]);
        assert!(graph.is_upstream(1, 3) && !graph.is_upstream(3, 1) && !graph.is_upstream(3, 3));
        assert!(graph.rings().is_empty());
        assert_eq!(Graph::new(vec![vec![], vec![], vec![0]]).order(), [0, 1, 2], "stable");
    }

    #[test]
    fn a_ring_is_named_whole_and_once() {
        let graph = Graph::new(vec![vec![], vec![3], vec![1], vec![2], vec![3], vec![5]]);
        assert_eq!(graph.rings(), [vec![1, 3, 2], vec![5]]);
        assert_eq!(graph.order().len(), 6);
    }
}
