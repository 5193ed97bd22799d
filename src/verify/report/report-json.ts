import type { Report } from './report.ts';

/**
 * The whole report as JSON, for other programs. The names of its fields are those of `Report`, and do not change within
 * a major version. An event of a step is shown as the machine got it, without the actor that it is to answer.
 */
export function reportJson(report: Report): string {
	return JSON.stringify(report, plain, 2);
}

/** Actors are no data: who is to be answered is left out, wherever it stands. */
function plain(key: string, value: unknown): unknown {
	return key === 'replyTo' ? undefined : value;
}
