// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import daemonPackage from '../../package.json' with { type: 'json' };

/** Version of this program, `X.Y.Z`. */
export const VERSION: string = daemonPackage.version;
