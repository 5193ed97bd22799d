import { type EdgeLabel, Graph, layout, type Point } from '@dagrejs/dagre';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { providerMachine } from '../../../machines/provider/machine.ts';
import { transitionsOf } from '../../values/machine-diagram.ts';
import type { Drawing, DrawnState, DrawnTransition, MachineChart } from './messages.ts';

/** Stands for every state: the machine's own transitions start from it. */
const anyState = 'any state';

interface Transition {
	from: string;
	to: string;
	labels: readonly string[];
}

/** Sizes of texts in the page, px; it draws with the same ones. */
const text = { stateWidth: 7.4, labelWidth: 6.1, labelHeight: 14 };

/** The provider machine as the page draws it: twice laid out, from nothing but its own definition. */
export function machineChart(machine: AnyStateMachine = providerMachine): MachineChart {
	const first = machine.root.initial.target[0];
	// A first state that is left in the step that enters it is never seen: it is drawn as where it leads.
	const afterFirst = first?.always?.at(-1)?.target?.[0];
	const states = Object.values(machine.root.states).filter((state) => afterFirst === undefined || state !== first);
	// In the order in which the states are written down, which is the order in which they are laid out.
	const order = (transition: Transition) => states.findIndex(({ key }) => key === transition.to);
	const own = states.flatMap((state) => transitionsFrom(state, state.key).sort((a, b) => order(a) - order(b)));
	const everywhere = transitionsFrom(machine.root, anyState).sort((a, b) => order(a) - order(b));
	const names = states.map(({ key }) => key);
	const initial = (afterFirst ?? first)?.key;
	// A transition that enters its own state anew says nothing without its label.
	const brief = own.filter(({ from, to }) => from !== to).map((transition) => ({ ...transition, labels: [] }));
	return {
		brief: draw(names, brief, initial, { rankdir: 'LR', nodesep: 26, ranksep: 24, edgesep: 14, margin: 6 }),
		full: draw([...names, anyState], [...own, ...everywhere], initial, {
			rankdir: 'TB',
			nodesep: 40,
			ranksep: 34,
			edgesep: 24,
			margin: 12,
		}),
	};
}

function transitionsFrom(node: AnyStateNode, from: string): Transition[] {
	return [...transitionsOf(node)].map(([to, labels]) => ({ from, to: to.key, labels }));
}

interface Spacing {
	rankdir: 'LR' | 'TB';
	nodesep: number;
	ranksep: number;
	edgesep: number;
	margin: number;
}

function draw(
	names: readonly string[],
	transitions: readonly Transition[],
	initial: string | undefined,
	{ margin, ...spacing }: Spacing,
): Drawing {
	const graph = new Graph({ multigraph: true });
	graph.setGraph({ ...spacing, marginx: margin, marginy: margin });
	for (const name of names) graph.setNode(name, { width: Math.ceil(name.length * text.stateWidth) + 26, height: 32 });
	for (const { from, to, labels } of transitions) {
		const longest = Math.max(0, ...labels.map(({ length }) => length));
		const size = { width: longest * text.labelWidth, height: labels.length * text.labelHeight };
		graph.setEdge(from, to, { ...size, labelpos: 'c' });
	}
	layout(graph);
	const nodes = names.map((name) => {
		const { x = 0, y = 0, width = 0, height = 0 } = graph.node(name);
		return { name, isInitial: name === initial, x: round(x), y: round(y), width: round(width), height: round(height) };
	});
	const edges = transitions.map((transition) => drawn(transition, graph.edge(transition.from, transition.to), nodes));
	const points = edges.flatMap((edge) => edge.points);
	const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
	return {
		width: Math.ceil(Math.max(width, ...points.map((point) => point.x + margin))),
		height: Math.ceil(Math.max(height, ...points.map((point) => point.y + margin))),
		nodes,
		edges,
	};
}

function drawn(transition: Transition, edge: EdgeLabel, nodes: readonly DrawnState[]): DrawnTransition {
	const own = nodes.find(({ name }) => name === transition.from && name === transition.to);
	if (own !== undefined) return loop(transition, own, edge.width ?? 0);
	const points = (edge.points ?? []).map((point: Point) => ({ x: round(point.x), y: round(point.y) }));
	return { ...transition, x: round(edge.x ?? 0), y: round(edge.y ?? 0), points };
}

/** Back to the same state, at its right, where the layout leaves room for it. */
function loop(transition: Transition, { x, y, width }: DrawnState, labelWidth: number): DrawnTransition {
	const right = round(x + width / 2);
	const out = right + 24;
	const points = [
		{ x: right, y: y - 8 },
		{ x: out, y: y - 8 },
		{ x: out, y: y + 8 },
		{ x: right, y: y + 8 },
	];
	return { ...transition, x: round(out + 8 + labelWidth / 2), y, points };
}

function round(px: number): number {
	return Math.round(px * 10) / 10;
}
