import type { Failure } from '../../machines/failure.ts';
import type { Position } from '../config/positions.ts';
import type { CaseStep, PropertyResult } from './report/report.ts';

/** A setting by which a property of the exploration cannot hold, whatever the machines do. */
export interface Cause {
	/** The property's id. */
	property: string;
	/** Of `onError` or `effects`: the failures that it decides on. */
	key: string;
	/** The providers, or the profiles, that it decides for. */
	names: readonly string[];
	position: Position;
}

/**
 * The results with the place of the setting behind each counterexample that comes of one.
 * @param names of whom the results are: providers or profiles
 */
export function withCauses(
	properties: readonly PropertyResult[],
	names: readonly string[],
	causes: readonly Cause[],
): readonly PropertyResult[] {
	return properties.map((result) => {
		const { id, counterexample } = result;
		if (counterexample === undefined) return result;
		const cause = causeOf(id, counterexample.steps, names, causes);
		if (cause === undefined) return result;
		return { ...result, counterexample: { ...counterexample, at: cause.position } };
	});
}

/** The policy decides by the reason of a failure, else by its category. */
function causeOf(
	property: string,
	steps: readonly CaseStep[],
	names: readonly string[],
	causes: readonly Cause[],
): Cause | undefined {
	const failures = steps.flatMap(({ event }) => ('failure' in event ? [event.failure as Failure] : []));
	const last = failures.at(-1);
	if (last === undefined) return undefined;
	const { category, reason } = last;
	const own = causes.filter((cause) => cause.property === property && cause.names.some((name) => names.includes(name)));
	return own.find(({ key }) => key === `${category}.${reason}`) ?? own.find(({ key }) => key === category);
}
