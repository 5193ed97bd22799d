import { describe, expect, it } from 'vitest';
import type { ProviderFact, RequestRef } from '../../../machines/events.ts';
import type { Failure } from '../../../machines/failure.ts';
import { endsTrouble, LIST } from '../../../src/gateway/health/models-list.ts';
import { prospectAt } from '../../../src/gateway/health/prospect.ts';
import { startProvider } from '../../machines/provider/provider-harness.ts';
