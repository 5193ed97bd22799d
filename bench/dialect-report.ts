import { type DialectRow, type DialectSample, type DialectSamples, dialectRows, rowName } from './dialect-rows.ts';
import { align } from './report.ts';

/** What each row is to reach, as a share of the throughput of chat on a core of its own. */
const leastOfSame = 0.9;
const leastOfTranslated = 0.5;

/** The table: a row for each pair of dialects, the best of the rounds, in brackets the ratio to chat, and whether the goal is held. */
export function dialectTable(samples: DialectSamples): string {
	const head = [
		'asked in → provider',
		'requests/s',
		'',
		'CPU a request, µs',
		'',
		'CPU a streamed token, µs',
		'',
		'goal',
	];
	const rows = dialectRows.map((row) => [
		rowName(row),
		...cells(samples, row, 'requestsPerSecond', 0),
		...cells(samples, row, 'cpuPerRequestUs', 1),
		...cells(samples, row, 'cpuPerTokenUs', 1),
		goalOf(samples, row),
	]);
	return align([head, ...rows]);
}

/** Whatever else runs on the machine only makes a round dearer: the best one is nearest to what the code costs. */
function best(samples: DialectSamples, row: DialectRow, measure: keyof DialectSample): number | undefined {
	const values = (samples.get(rowName(row)) ?? []).flatMap((sample) => sample[measure] ?? []);
	if (values.length === 0) return undefined;
	return measure === 'requestsPerSecond' ? Math.max(...values) : Math.min(...values);
}

function ofChat(samples: DialectSamples, row: DialectRow, measure: keyof DialectSample): number | undefined {
	const value = best(samples, row, measure);
	const chat = best(samples, dialectRows[0], measure);
	return value === undefined || chat === undefined || chat === 0 ? undefined : value / chat;
}

function cells(samples: DialectSamples, row: DialectRow, measure: keyof DialectSample, digits: number): string[] {
	const value = best(samples, row, measure);
	const ratio = ofChat(samples, row, measure);
	return [value?.toFixed(digits) ?? '-', ratio === undefined || row === dialectRows[0] ? '' : `(${ratio.toFixed(2)})`];
}

/** By CPU time where there is any: others on the machine take less of that than of the throughput. */
function goalOf(samples: DialectSamples, row: DialectRow): string {
	if (row === dialectRows[0]) return '';
	const cpu = ofChat(samples, row, 'cpuPerRequestUs');
	const share = cpu === undefined ? ofChat(samples, row, 'requestsPerSecond') : 1 / cpu;
	const least = row.client === row.provider ? leastOfSame : leastOfTranslated;
	if (share === undefined) return 'not measured';
	return `${share >= least ? 'held' : 'MISSED'}: ${share.toFixed(2)} of chat, at least ${least}`;
}
