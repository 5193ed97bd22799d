import type { StateValue } from 'xstate';

/** The path of a state, for people: `searching.attempting`, `committed.streaming`, `done`. */
export function stateName(value: StateValue): string {
	if (typeof value === 'string') return value;
	return Object.entries(value)
		.map(([name, inner]) => (inner === undefined ? name : `${name}.${stateName(inner)}`))
		.join(' ');
}
