import { describeEarlyFaults } from './describe-early-faults.ts';
import { shareOf } from './fault-share.ts';

describeEarlyFaults(shareOf);
