/** What came of one kind of attack. Every count but `tried` has to be 0. */
export interface Tally {
	readonly name: string;
	tried: number;
	/** Answers that were handed out as whole, and are not what was meant. */
	lied: number;
	/** What did not end in the time that it has. */
	hung: number;
	/** Planted secrets that came back. */
	leaked: number;
	/** Calls of the calm caller that were not answered while this was going on. */
	shutOut: number;
	/** The most memory of the proxy meanwhile, MB; undefined where the system does not say. */
	peakMB: number | undefined;
	/** The first few things that went wrong, in words. */
	readonly notes: string[];
}

const MOST_NOTES = 5;

export function tallyOf(name: string): Tally {
	return { name, tried: 0, lied: 0, hung: 0, leaked: 0, shutOut: 0, peakMB: undefined, notes: [] };
}

export function note(tally: Tally, words: string): void {
	if (tally.notes.length < MOST_NOTES) tally.notes.push(words);
}

/** How far above the benign load the memory of the proxy may go, MB. */
export const MOST_ABOVE_MB = 256;

export function isClean(tallies: readonly Tally[], benignMB: number | undefined): boolean {
	return tallies.every(({ lied, hung, leaked, shutOut, peakMB }) => {
		const isSmall = peakMB === undefined || benignMB === undefined || peakMB <= benignMB + MOST_ABOVE_MB;
		return lied + hung + leaked + shutOut === 0 && isSmall;
	});
}

export function tableText(tallies: readonly Tally[], benignMB: number | undefined): string {
	const heads = ['attack', 'tried', 'lied', 'hung', 'leaked', 'shut out', 'peak MB'];
	const rows = tallies.map(({ name, tried, lied, hung, leaked, shutOut, peakMB }) =>
		[name, tried, lied, hung, leaked, shutOut, peakMB === undefined ? '?' : Math.round(peakMB)].map(String),
	);
	const all = [heads, ...rows];
	const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
	const lines = all.map((row) =>
		row
			.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
			.join('  '),
	);
	const notes = tallies.flatMap(({ name, notes: all }) => all.map((words) => `${name}: ${words}`));
	const benign = benignMB === undefined ? 'not known' : `${Math.round(benignMB)} MB`;
	return [
		...lines,
		'',
		`the proxy under the benign load alone: ${benign}; ${MOST_ABOVE_MB} MB more are allowed`,
		...notes,
	].join('\n');
}
