import { answerProperties } from './answers.ts';
import { grantProperties } from './grants.ts';
import { permitProperties } from './permits.ts';
import { recoveryProperties } from './recovery.ts';
import { happeningWords, type Property } from './seen.ts';
import { factProperties } from './told-facts.ts';
import { tripProperties } from './trips.ts';

/** What is looked for at every event. */
export const stepProperties: readonly Property[] = [
	...grantProperties,
	...tripProperties,
	...recoveryProperties,
	...answerProperties,
	...permitProperties,
	...factProperties,
];

/** What none of the others has a name for. It is asked only when they are content, as `shownProperty` is. */
export const remainingProperty: Property = {
	id: 'changes-for-a-reason',
	statement: 'it changes its state for none but these reasons',
	check: ({ event, expected, stateBefore, state }) => {
		if (state === expected.ghost.state) return undefined;
		return state === stateBefore
			? `${happeningWords(event)} left it ${state}; it had to become ${expected.ghost.state}`
			: `${happeningWords(event)} moved it from ${stateBefore} to ${state}; it had to be ${expected.ghost.state}`;
	},
};

/** Properties of the whole exploration, and of a machine that throws. */
export const otherProperties = {
	closedCanBeReached: { id: 'closed-can-be-reached', statement: 'closed can be reached again from every state' },
	neverThrows: { id: 'never-throws', statement: 'the machine never throws, whatever it is sent' },
} as const;
