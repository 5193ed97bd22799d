import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Changes, Snapshot } from '../../../src/observe/inspector/messages.ts';
import { soon } from '../../helpers/gateway.ts';

export interface Viewer {
	readonly response: IncomingMessage;
	/** Everything that came, as it came. */
	readonly text: string;
	readonly snapshots: readonly Snapshot[];
	readonly changes: readonly Changes[];
	readonly hasEnded: boolean;
	/** Names of the events, in order. */
	readonly names: readonly string[];
	/** The marks of one provider, in order. */
	statesOf(provider: string): string[];
	close(): void;
}

/** Opens the stream as the page does, and waits for its head. */
export async function openViewer(origin: string, headers: Record<string, string> = {}): Promise<Viewer> {
	const sent = request(`${origin}/inspector/events`, { headers, agent: false });
	sent.end();
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	let text = '';
	let hasEnded = false;
	response.setEncoding('utf8').on('data', (piece: string) => {
		text += piece;
	});
	response.on('close', () => {
		hasEnded = true;
	});
	response.on('error', () => undefined);
	const events = () =>
		[...text.matchAll(/^event: (\w+)\ndata: (.*)\n\n/gm)].map(([, name, data]) => ({ name, data: data ?? '' }));
	const dataOf = <T>(name: string) =>
		events().flatMap((event) => (event.name === name ? [JSON.parse(event.data) as T] : []));
	return {
		response,
		get text() {
			return text;
		},
		get snapshots() {
			return dataOf<Snapshot>('snapshot');
		},
		get changes() {
			return dataOf<Changes>('changes');
		},
		get hasEnded() {
			return hasEnded;
		},
		get names() {
			return events().map(({ name }) => name ?? '');
		},
		statesOf: (provider) =>
			dataOf<Changes>('changes').flatMap(({ marks = [] }) =>
				marks.flatMap(({ id, mark }) => (id === provider && mark.kind === 'change' ? [mark.to] : [])),
			),
		close: () => response.destroy(),
	};
}

/** A viewer that has its snapshot. */
export async function openLiveViewer(origin: string): Promise<Viewer> {
	const viewer = await openViewer(origin);
	await soon(() => {
		if (viewer.snapshots.length === 0) throw new Error('the snapshot has not come');
	});
	return viewer;
}
