// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Emergency numbers for telephones in all countries (ITU-T E.161.1). */
const EVERYWHERE: readonly string[] = ['112', '911'];

/**
 * Further emergency numbers of countries, after the list of ITU-T E.129 numbers in libphonenumber (ShortNumberMetadata,
 * `emergency`), without 1300 to 1399 of Gabon, which would cover too many extensions. Added are numbers that the
 * country's regulator has named for help as well and that the list leaves out: rescue at sea and in the mountains,
 * ambulances, gas leaks, children and people in despair (061 and 080 in Spain, 114 and 196 in France, 118 in Japan, 988
 * in North America).
 */
const COUNTRIES =
  'AC 999; AD 110 116 118; AE 996 997 998 999; AF 100 102 119; AG 999; AL 127 128 129; ' +
  'AM 101 102 103; AO 113 115; AR 100 101 103 106 107; AT 122 128 133 140 141 142 144 147; ' +
  'AU 000 106; AW 100; AZ 101 102 103; BA 122 123 124; BB 211 311 511; ' +
  'BD 100 101 102 199 999; BE 100 101; BF 17 18; BG 150 160 166; BH 199 999; BI 113 117; ' +
  'BJ 114 116 117 118; BL 18; BN 991 993 995; BO 110 118 119; ' +
  'BR 128 190 191 192 193 194 197 198 199; BS 919; BT 110 113; BW 997 998 999; ' +
  'BY 101 102 103 104; BZ 90 990; CA 988; CC 000; CD 113 114 118 177 188; CF 117 118 1220; ' +
  'CG 117 118; CH 117 118 1414 143 144 145 147; CI 110 111 170 180; CK 996 998 999; ' +
  'CL 130 131 132 133 134 137 138; CM 13 17 113 117; CN 110 119 120 122; ' +
  'CO 119 123 132 144 156; CU 104 105 106; CV 130 131 132; CX 000; CY 199; ' +
  'CZ 150 151 152 153 154 155 156 157 158 159; DE 110; DJ 17 18; DK 114; DM 333 999; ' +
  'DZ 14 17; EC 101 102; EE 110; EG 122 123 126 128 180; EH 15 19 177; ER 113 114 116; ' +
  'ES 061 062 080 085 088 091 092; ET 91 92 93 939 991 997; FJ 917; FK 999; FO 114; ' +
  'FR 114 115 119 15 17 18 191 196 197; GA 18 1730; GB 999; GE 011 022 033 111 113 122; ' +
  'GF 15 17 18; GG 999; GH 191 192 193 999; GI 190 199; GM 16 17 18 116 117 118; ' +
  'GP 15 17 18; GR 100 108 166 199; GT 110 120 123; GW 113 117 118; GY 912 913; ' +
  'HK 992 999; HN 199; HR 93 94 192 193 194; HT 114 118; HU 104 105 107; ' +
  'ID 110 113 115 118 119; IE 999; IL 100 101 102; IM 999; IN 100 101 102 108 1298 2611; ' +
  'IQ 100 104 115 122; IR 110 115 125; IT 113 114 115 117 118 1515 1530; JE 999; ' +
  'JM 110 119; JO 191 192 197; JP 110 118 119; KE 114 999; KG 101 102 103; ' +
  'KH 117 118 119 666; KI 192 193 194 195 992 993 994; KM 17 18; KN 333 999; KP 119 819; ' +
  'KR 119; KZ 101 102 103 104; LA 190 191 195; LB 140 175 999; LC 999; LI 117 118 144; ' +
  'LK 110 116 118 119; LR 355; LS 115 117; LT 01 02 03 011 022 033 101 102 103; LU 113; ' +
  'LV 01 02 03 110 113; LY 190 191 193; MA 15 19 177; MC 15 17 18; MD 901 902 903; ' +
  'ME 122 123 124; MF 15 17 18; MG 17 18 117 118; MK 192 193 194; ML 15 17 18; MM 199; ' +
  'MN 100 101 102 103 105; MO 999; MQ 15 17 18; MR 17 18; MS 999; MU 114 115 995 999; ' +
  'MV 102 118 119; MW 199 997 998 999; MX 060 065 066 068 080; MY 999; MZ 117 119 197 198; ' +
  'NC 15 16 17 18; NE 15 17 18 118; NF 955 977; NG 199; NI 115 118 120 128; NO 110 113; ' +
  'NP 100 101 102 103; NR 110 111; NU 999; NZ 111; OM 1444 9999; PE 105 116 117; ' +
  'PF 15 17 18; PG 000 110 111; PH 117; PK 15 16 115 1122; PL 985 986 997 998 999; ' +
  'PM 15 17 18; PS 100 101 102; PT 115; PY 128; QA 999; RE 15 17 18; RS 92 93 94; ' +
  'RU 01 02 03 04 101 102 103 104; RW 111; SA 993 996 997 999; SB 999; SC 999; SD 999; ' +
  'SG 993 995 999; SH 999; SI 113; SJ 110 113; SK 150 155 158; SL 019 999; SM 113 115 118; ' +
  'SN 17 18; SO 555 888 999; SR 115; SS 999; SV 913; SX 919; SY 110 113; SZ 999; TC 999; ' +
  'TD 17 18; TG 117 118 171 172 177; TH 191 199 1669; TJ 101 102 103; TL 115; TM 01 02 03; ' +
  'TN 190 197 198; TO 922 933 999; TR 110 155 156 158; TT 990 999; TW 110 118 119; ' +
  'TZ 110 111 114 115 999; UA 101 102 103 104; UG 999; US 988; UY 128; ' +
  'UZ 01 02 03 001 002 003 050; VA 113 115 118; VC 999; VE 171; VG 999; ' +
  'VN 113 114 115; WF 15 17 18; WS 994 995 996 999; XK 192 193 194; ' +
  'YE 191 194 195 199; YT 15; ZA 10111 10177; ZM 991 993 999; ZW 993 994 995 999';

const BY_COUNTRY: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  COUNTRIES.split('; ').map((entry) => {
    const [country = '', ...numbers] = entry.split(' ');
    return [country, new Set([...EVERYWHERE, ...numbers])];
  }),
);
const ELSEWHERE: ReadonlySet<string> = new Set(EVERYWHERE);
const ANY: ReadonlySet<string> = new Set([...BY_COUNTRY.values()].flatMap((set) => [...set]));

/**
 * Whether telephones in that country dial it for help. If no country is set, the emergency numbers of every country
 * count: letting a listed caller through to an extension costs less than refusing a call for help.
 *
 * @param country ISO 3166-1 alpha-2; `undefined` if none is set.
 */
export function isEmergency(digits: string, country: string | undefined): boolean {
  if (country === undefined) return ANY.has(digits);
  return (BY_COUNTRY.get(country) ?? ELSEWHERE).has(digits);
}

/**
 * The same, but without a country only those of telephones everywhere: for digits that may well mean something else.
 */
export function isCertainEmergency(digits: string, country: string | undefined): boolean {
  return (BY_COUNTRY.get(country ?? '') ?? ELSEWHERE).has(digits);
}

/** Whether it is an emergency number somewhere. */
export function isEmergencySomewhere(digits: string): boolean {
  return ANY.has(digits);
}
