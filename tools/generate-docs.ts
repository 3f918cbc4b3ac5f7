// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { writeFileSync } from 'node:fs';
import { formatManPage } from '../daemon/src/config/man-page.ts';
import { formatOptionsDocument } from '../daemon/src/config/options-document.ts';
import { SCHEMAS } from '../packages/api/src/v1/schemas.ts';
import { formatClientTypes } from './client-types.ts';
import { formatLimits } from './limits-document.ts';
import { formatPolicy } from './policy-document.ts';

// Writes the documents that come from the sources; daemon/test/config/documents.test.ts and tidy.test.ts compare them.
const docs = new URL('../docs/', import.meta.url);
writeFileSync(new URL('options.md', docs), formatOptionsDocument());
writeFileSync(new URL('sentrypeer.1', docs), formatManPage());
writeFileSync(new URL('limits.md', docs), formatLimits());
writeFileSync(new URL('policy.md', docs), formatPolicy());
const clientTypes = new URL('../packages/client/src/api-types.ts', docs);
writeFileSync(clientTypes, formatClientTypes(SCHEMAS));
