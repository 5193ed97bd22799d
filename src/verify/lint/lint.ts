import type { ReadConfig } from '../../config/load.ts';
import type { Position } from '../../config/positions.ts';
import type { Cause } from '../causes.ts';
import type { LintFinding, Severity } from '../report/report.ts';
import type { Finding, Rule } from './rule.ts';
import { breakerRules } from './rules/breaker.ts';
import { budgetRules } from './rules/budgets.ts';
import { chainRules } from './rules/chain.ts';
import { dialectRules } from './rules/dialects.ts';
import { effectRules } from './rules/effects.ts';
import { exposureRules } from './rules/exposure.ts';
import { fallbackRules } from './rules/fallbacks.ts';
import { healthRules } from './rules/health.ts';
import { limitRules } from './rules/limits.ts';
import { priceRules } from './rules/prices.ts';
import { reasonRules } from './rules/reasons.ts';
import { retryRules } from './rules/retries.ts';
import { fateRules } from './rules/shared-fate.ts';
import { timeRules } from './rules/time.ts';
import { errorRuleRules } from './rules/unreachable-rules.ts';
import { unusedRules } from './rules/unused.ts';
import { windowRules } from './rules/windows.ts';
import { lintSubjectOf } from './subject.ts';

/** Every rule there is, by family. */
export const lintRules: readonly Rule[] = [
	...chainRules,
	...windowRules,
	...fateRules,
	...timeRules,
	...retryRules,
	...breakerRules,
	...effectRules,
	...fallbackRules,
	...reasonRules,
	...errorRuleRules,
	...unusedRules,
	...exposureRules,
	...dialectRules,
	...limitRules,
	...priceRules,
	...budgetRules,
	...healthRules,
];

/** The gravest first. */
export const severities: readonly Severity[] = ['error', 'warning', 'note'];

/**
 * Applies every lint rule to a configuration that has been read: it finds settings that probably do not do what was meant.
 * @param read from `readConfig`
 * @returns in the order of the file; each at the line that causes it, once for all profiles that it concerns
 */
export function lint(read: ReadConfig): LintFinding[] {
	const lintFindings = placesIn(read).map(({ rule, place }) => lintFindingOf(rule, place));
	return lintFindings.sort(
		(a, b) => a.line - b.line || a.column - b.column || gravity(a.severity) - gravity(b.severity),
	);
}

/** The settings by which properties of the exploration cannot hold, each with the place in the file that the lint rule names. */
export function causesIn(read: ReadConfig): Cause[] {
	return placesIn(read).flatMap(({ rule, place }) => {
		const { breaks: property } = rule;
		const errors = place.filter((located) => severityOf(rule, located) === 'error');
		const [first] = errors;
		if (property === undefined || first === undefined) return [];
		return { property, key: first.finding.about ?? '', names: namesOf(errors), position: first.position };
	});
}

/** What each rule found, by the place of the file. */
function placesIn(read: ReadConfig): { rule: Rule; place: Located[] }[] {
	const subject = lintSubjectOf(read);
	return lintRules.flatMap((rule) => {
		const found = rule.find(subject).map((finding) => ({ finding, position: read.positions.locate(...finding.at) }));
		const places = Map.groupBy(found, ({ finding, position }) => `${keyOf(position)} ${finding.about ?? ''}`);
		return [...places.values()].map((place) => ({ rule, place }));
	});
}

interface Located {
	finding: Finding;
	position: Position;
}

function keyOf({ line, column }: Position): string {
	return `${line}:${column}`;
}

function gravity(severity: Severity): number {
	return severities.indexOf(severity);
}

function severityOf(rule: Rule, { finding }: Located): Severity {
	return finding.severity ?? rule.severities[0];
}

/** Of several findings at one place the gravest is shown for all. */
function lintFindingOf(rule: Rule, place: readonly Located[]): LintFinding {
	const rank = (located: Located) => gravity(severityOf(rule, located));
	const [gravest = place[0]] = [...place].sort((a, b) => rank(a) - rank(b));
	if (gravest === undefined) throw new Error(`the rule ${rule.id} reports a place at which it found nothing`);
	const { reason, advice, concerns } = gravest.finding;
	const same = place.filter(({ finding }) => finding.reason === reason);
	const whom = concerns === undefined ? '' : concernsText(concerns.kind, namesOf(same), namesOf(place));
	return {
		rule: rule.id,
		severity: severityOf(rule, gravest),
		...gravest.position,
		message: `${reason}${whom}; ${advice}`,
	};
}

function namesOf(place: readonly Located[]): string[] {
	return [...new Set(place.flatMap(({ finding }) => finding.concerns?.name ?? []))];
}

/** In brackets behind the reason: those whom exactly this reason is about, then those with other numbers. */
function concernsText(kind: string, same: readonly string[], all: readonly string[]): string {
	const others = all.filter((name) => !same.includes(name));
	const likewise = others.length === 0 ? '' : `, likewise ${fewNames(others)}`;
	return ` (${kind}${same.length === 1 ? '' : 's'} ${fewNames(same)}${likewise})`;
}

/** No more names than can be read. */
function fewNames(names: readonly string[]): string {
	const shown = names.slice(0, 8).map((name) => `\`${name}\``);
	return `${shown.join(', ')}${names.length > shown.length ? ` and ${names.length - shown.length} more` : ''}`;
}

/** A lint finding as a compiler writes it: `file:line:column: warning: message [rule]`. */
export function lintText(file: string, { rule, severity, line, column, message }: LintFinding): string {
	return `${file}:${line}:${column}: ${severity}: ${message} [${rule}]`;
}
