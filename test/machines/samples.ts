import type { Failure } from '../../machines/failure.ts';

export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const yearMs = 365 * 24 * hourMs;

/** One failure for each thing that a failure can mean to a provider. */
export const serverError: Failure = { category: 'SERVER_ERROR' };
export const badRequest: Failure = { category: 'BAD_REQUEST' };
export const authError: Failure = { category: 'AUTH_ERROR' };
export const quota: Failure = { category: 'QUOTA_EXCEEDED' };
export const unavailable: Failure = { category: 'MODEL_UNAVAILABLE' };
export const rateLimit = (retryAfterMs?: number): Failure => ({ category: 'RATE_LIMIT', retryAfterMs });
