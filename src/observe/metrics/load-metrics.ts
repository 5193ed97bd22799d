import { Counter, Gauge, type Registry } from 'prom-client';
import { type LoadFigures, shedReasons } from '../../contract/load-figures.ts';

/** How much is asked of the process, and what it has turned away. @param figures as they are when somebody scrapes */
export function addLoadMetrics(registry: Registry, figures: () => LoadFigures): void {
	const registers = [registry];
	const gauge = (name: string, help: string, value: (figures: LoadFigures) => number) => {
		const made: Gauge = new Gauge({ name, help, registers, collect: () => made.set(value(figures())) });
	};
	gauge('breakwater_requests_in_flight', 'Requests that were taken on and are not over.', ({ requests }) => requests);
	gauge('breakwater_connections', 'Connections of callers.', ({ connections }) => connections);
	gauge(
		'breakwater_memory_in_flight_bytes',
		'What requests in flight hold: their bodies, and answers that are held back.',
		({ bytes }) => bytes,
	);
	gauge(
		'breakwater_memory_limit_bytes',
		'What requests in flight may hold: server.limits.memory, or a quarter of the heap.',
		({ byteLimit }) => byteLimit,
	);
	const told = new Map<string, number>();
	const shed: Counter<'reason'> = new Counter({
		name: 'breakwater_shed_total',
		help: 'Requests, answers and connections that were turned away because too much was asked at once, by what was too much.',
		labelNames: ['reason'],
		registers,
		collect: () => {
			const { shed: counts } = figures();
			for (const reason of shedReasons) {
				shed.inc({ reason }, counts[reason] - (told.get(reason) ?? 0));
				told.set(reason, counts[reason]);
			}
		},
	});
}
