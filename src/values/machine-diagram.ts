import type { AnyStateMachine, AnyStateNode } from 'xstate';

/**
 * A machine as a Mermaid state diagram, drawn from its own definition. Transitions that stay in their state are left
 * out; a state that has states of its own is drawn around them.
 */
export function mermaidDiagram(machine: AnyStateMachine): string {
	const { root } = machine;
	return ['stateDiagram-v2', ...stateLines(root, '  '), ...transitionLines(root, root, 'any_state', '  ')].join('\n');
}

function stateLines(node: AnyStateNode, indent: string): string[] {
	const children = Object.values(node.states);
	const initial = node.initial?.target[0];
	return [
		...children.flatMap((child) => (id(child) === child.key ? [] : [`${indent}state "${child.key}" as ${id(child)}`])),
		...(initial === undefined ? [] : [`${indent}[*] --> ${id(initial)}`]),
		...children.flatMap((child) => [
			...(isCompound(child)
				? [`${indent}state ${id(child)} {`, ...stateLines(child, `${indent}  `), `${indent}}`]
				: []),
			...transitionsWithin(node, child, indent),
			...(child.type === 'final' ? [`${indent}${id(child)} --> [*]`] : []),
		]),
	];
}

/**
 * The transitions of a state and of those inside it that lead to states of this parent. Mermaid takes a state to belong
 * where it is named first, so a transition that leaves a state is drawn outside it.
 */
function transitionsWithin(parent: AnyStateNode, node: AnyStateNode, indent: string): string[] {
	const own = transitionLines(parent, node, id(node), indent);
	return [...own, ...Object.values(node.states).flatMap((child) => transitionsWithin(parent, child, indent))];
}

/** Transitions of the machine itself hold in every state; they are drawn from one that stands for all. */
function transitionLines(parent: AnyStateNode, node: AnyStateNode, from: string, indent: string): string[] {
	return [...transitionsOf(node)].flatMap(([to, texts]) =>
		to.parent === parent ? [`${indent}${from} --> ${id(to)}: ${texts.join(' / ')}`] : [],
	);
}

/**
 * The transitions of a state that lead to another one, or that enter their own anew, by where they lead; each with its
 * event and guard as a text such as `attempt.failed [tripsBreaker]`.
 */
export function transitionsOf(node: AnyStateNode): Map<AnyStateNode, string[]> {
	const transitions = [...node.transitions.values()].flat().concat(node.always ?? []);
	const texts = new Map<AnyStateNode, string[]>();
	for (const { eventType, guard, target, reenter } of transitions) {
		const to = target?.[0];
		if (to === undefined || (to === node && !reenter)) continue;
		texts.set(to, [...new Set([...(texts.get(to) ?? []), label(eventType, guardName(guard))])]);
	}
	return texts;
}

function label(eventType: string, guard: string | undefined): string {
	const event = /^xstate\.after\.(\w+)/.exec(eventType)?.[1];
	const text = event === undefined ? eventType : `after ${event}`;
	return guard === undefined ? text || 'else' : `${text}${text === '' ? '' : ' '}[${guard}]`;
}

function guardName(guard: unknown): string | undefined {
	if (typeof guard === 'string') return guard;
	return typeof guard === 'object' && guard !== null && 'type' in guard ? String(guard.type) : undefined;
}

function isCompound(node: AnyStateNode): boolean {
	return Object.keys(node.states).length > 0;
}

/** Mermaid takes no hyphen in the id of a state, and one id for one state wherever it stands: others are told by their path. */
function id({ path }: AnyStateNode): string {
	return path.join('_').replaceAll('-', '_');
}
