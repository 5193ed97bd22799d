import type { ErrorRuleConfig } from '../../../config/config.ts';
import type { Finding, Rule } from '../rule.ts';
import type { LintSubject } from '../subject.ts';

/** Does every value of the narrow list stand in the wide one, too? An absent list stands for any value. */
function includesAll<T>(wide: readonly T[] | undefined, narrow: readonly T[] | undefined, has: (value: T) => boolean) {
	return wide === undefined || (narrow?.every(has) ?? false);
}

/** `5xx` includes 503. */
function includesStatus(wide: ErrorRuleConfig['status'], status: number | string): boolean {
	return wide?.some((one) => one === status || one === `${String(status)[0]}xx`) ?? true;
}

function includesHeaders(wide: ErrorRuleConfig['header'] = {}, narrow: ErrorRuleConfig['header'] = {}): boolean {
	return Object.entries(wide).every(([name, pattern]) => narrow[name] === pattern);
}

/** Does the first rule match whatever the second one does? Of patterns only equal ones are told. */
function takesAllOf(first: ErrorRuleConfig, second: ErrorRuleConfig): boolean {
	return (
		includesAll(first.status, second.status, (status) => includesStatus(first.status, status)) &&
		includesAll(first.code, second.code, (code) => first.code?.includes(code) ?? true) &&
		includesAll(first.type, second.type, (type) => first.type?.includes(type) ?? true) &&
		includesAll(first.provider, second.provider, (name) => first.provider?.includes(name) ?? true) &&
		(first.message === undefined || first.message === second.message) &&
		includesHeaders(first.header, second.header)
	);
}

function shadowedRules({ config: { errorRules }, positions }: LintSubject): Finding[] {
	return errorRules.flatMap((rule, index) => {
		const earlier = errorRules.slice(0, index).findIndex((other) => takesAllOf(other, rule));
		if (earlier === -1) return [];
		const { line } = positions.locate(['errorRules', earlier]);
		return {
			at: [['errorRules', index]],
			reason: `this rule never applies: the one in line ${line} comes first and matches everything that this one matches`,
			advice: 'remove it, or move it up',
		};
	});
}

export const errorRuleRules: readonly Rule[] = [
	{
		id: 'shadowed-error-rule',
		severities: ['warning'],
		finds: 'an `errorRules` entry that never applies, because an earlier one matches first',
		find: shadowedRules,
	},
];
