/**
 * What `check` and `serve` say, in the same words, of an address that other machines can reach while no caller needs a
 * key. `serve` never listens there, whatever its options.
 * @param address as it is written, or as it is bound
 * @returns two halves of one sentence, for a semicolon between them and a full stop behind them
 */
export function openAddress(address: string): { reason: string; advice: string } {
	return {
		reason: `Whoever reaches ${address} could spend on your providers' keys`,
		advice:
			'give your callers keys of their own under server.clients, or listen on this machine only (server.host or --host 127.0.0.1)',
	};
}
