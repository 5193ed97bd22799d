import { fail, ok, type SelfcheckFinding, warn } from './finding.ts';

/** What one server's `Date` says. */
export interface ClockReading {
	about: string;
	/** How far its clock is ahead of ours, ms. */
	aheadMs: number;
	/** It is this machine's own clock, which agrees with itself. */
	isOwn: boolean;
}

/** Beyond it, waits until a named time and signatures go wrong. */
const TOLERANCE_MS = 120_000;

/** Compares this machine's clock with those of the servers that were asked: when most disagree, it is ours that is wrong. */
export function selfcheckClock(readings: readonly ClockReading[]): SelfcheckFinding[] {
	const isWrong = ({ aheadMs }: ClockReading) => Math.abs(aheadMs) > TOLERANCE_MS;
	const telling = readings.filter((reading) => !reading.isOwn || isWrong(reading));
	const wrong = telling.filter(isWrong);
	const [first] = wrong;
	if (telling.length === 0) {
		const text = `No other server sent the time; check that it is ${new Date().toISOString()}.`;
		return [warn('clock', text)];
	}
	if (first === undefined) return [ok('clock', `This clock agrees with ${serversText(telling.length)}.`)];
	if (wrong.length * 2 > telling.length) {
		const text = `This machine's clock is ${offText(-first.aheadMs)} of ${serversText(wrong.length)} (${first.about}); set it, for instance with \`timedatectl set-ntp true\`.`;
		return [fail('clock', text)];
	}
	return wrong.map(({ about, aheadMs }) => {
		const text = `The clock of ${about} is ${offText(aheadMs)} of this machine's, with which others agree; its hints that name a time will be wrong.`;
		return warn('clock', text);
	});
}

function serversText(count: number): string {
	return count === 1 ? 'the one server that sent the time' : `${count} servers`;
}

function offText(aheadMs: number): string {
	const minutes = Math.round(Math.abs(aheadMs) / 60_000);
	const amount = minutes >= 120 ? `${Math.round(minutes / 60)} h` : `${minutes} min`;
	return `${amount} ${aheadMs > 0 ? 'ahead' : 'behind'}`;
}
