//! In which order the names stand, so that arcs are short.

use super::Edge;

/// How often the list is gone through; each time may only make it better, so a bound is enough.
const ROUNDS: usize = 60;

/// The nodes in the order in which they stand: those that are joined near one another, what hangs together in one piece, the
/// heaviest piece first.
pub(super) fn order(nodes: &[usize], edges: &[Edge]) -> Vec<usize> {
    let mut order: Vec<usize> = Vec::with_capacity(nodes.len());
    // Nodes come with the most connected first: begin there and go on to what is joined with those that stand already.
    while order.len() < nodes.len() {
        let joined = |node: usize| -> usize {
            edges
                .iter()
                .filter(|edge| {
                    (edge.one == node && order.contains(&edge.other))
                        || (edge.other == node && order.contains(&edge.one))
                })
                .map(|edge| edge.claims)
                .sum()
        };
        let mut best: Option<(usize, usize)> = None;
        for node in nodes.iter().copied().filter(|node| !order.contains(node)) {
            let weight = joined(node);
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((node, weight));
            }
        }
        let Some((node, _)) = best else { break };
        order.push(node);
    }
    // Then move single names to where all arcs together are shortest.
    let mut place = vec![0; nodes.iter().max().map_or(0, |most| most + 1)];
    for _ in 0..ROUNDS {
        let mut better = false;
        for from in 0..order.len() {
            let now = length(&order, edges, &mut place);
            let mut best = (now, from);
            for to in 0..order.len() {
                shift(&mut order, from, to);
                let then = length(&order, edges, &mut place);
                if then < best.0 {
                    best = (then, to);
                }
                shift(&mut order, to, from);
            }
            if best.1 != from {
                shift(&mut order, from, best.1);
                better = true;
            }
        }
        if !better {
            break;
        }
    }
    order
}

fn shift(order: &mut [usize], from: usize, to: usize) {
    if from < to {
        order[from..=to].rotate_left(1);
    } else {
        order[to..=from].rotate_right(1);
    }
}

/// How long all arcs are together, strong ones counting more.
fn length(order: &[usize], edges: &[Edge], place: &mut [usize]) -> usize {
    for (at, node) in order.iter().enumerate() {
        place[*node] = at;
    }
    edges
        .iter()
        .map(|edge| place[edge.one].abs_diff(place[edge.other]) * (1 + edge.claims))
        .sum()
}
