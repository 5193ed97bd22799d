/** What a synchronous function takes of the processor, ms: however long others have it meanwhile. */
export function cpuMsOf(work: () => void): number {
	const before = process.cpuUsage();
	work();
	const { user, system } = process.cpuUsage(before);
	return (user + system) / 1000;
}
