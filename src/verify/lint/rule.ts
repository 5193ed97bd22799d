import type { Path } from '../../config/tree.ts';
import type { Severity } from '../report/report.ts';
import type { Concern, LintSubject } from './subject.ts';

/** One thing that an expert looks for in a configuration. */
export interface Rule {
	/** Stable, in kebab-case: `same-target-twice`. */
	id: string;
	/** Those that its findings can have, the gravest first: that of a finding that names none. */
	severities: readonly [Severity, ...Severity[]];
	/** The property of the exploration that does not hold where a finding is an error. */
	breaks?: string;
	/** What it finds, as a phrase: `the same target twice in a chain`. */
	finds: string;
	find(subject: LintSubject): Finding[];
}

/** One occurrence. Those of one rule at one place are reported as one. */
export interface Finding {
	/** Where it may be written, as `Positions.locate` takes it. */
	at: readonly Path[];
	severity?: Severity;
	/** Whom it concerns, where its place does not say it. */
	concerns?: Concern;
	/** Tells apart what stands at one place, such as several defaults of one section. */
	about?: string;
	/** What it is and why it matters, without a full stop. It shows no value but names, numbers and options. */
	reason: string;
	/** What to do, without a full stop. */
	advice: string;
}
