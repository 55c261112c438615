// Generated from announcement.proto by `npm run protos`. Do not edit.
import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime';
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc';
export var SignedAnnouncement;
(function (SignedAnnouncement) {
    let _codec;
    SignedAnnouncement.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.payload != null && obj.payload.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.payload);
                }
                if ((obj.publicKey != null && obj.publicKey.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.publicKey);
                }
                if ((obj.signature != null && obj.signature.byteLength > 0)) {
                    w.uint32(26);
                    w.bytes(obj.signature);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    payload: uint8ArrayAlloc(0),
                    publicKey: uint8ArrayAlloc(0),
                    signature: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.payload = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.publicKey = reader.bytes();
                            break;
                        }
                        case 3: {
                            obj.signature = reader.bytes();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.payload`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.publicKey`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.signature`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, SignedAnnouncement.codec());
    }
    SignedAnnouncement.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedAnnouncement.codec(), opts);
    }
    SignedAnnouncement.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedAnnouncement.codec(), opts);
    }
    SignedAnnouncement.stream = stream;
})(SignedAnnouncement || (SignedAnnouncement = {}));
export var SignedFields;
(function (SignedFields) {
    let _codec;
    SignedFields.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.peer != null && obj.peer !== '')) {
                    w.uint32(10);
                    w.string(obj.peer);
                }
                if ((obj.sequence != null && obj.sequence !== 0n)) {
                    w.uint32(16);
                    w.uint64(obj.sequence);
                }
                if (obj.addresses != null && obj.addresses.length > 0) {
                    for (const value of obj.addresses) {
                        w.uint32(26);
                        w.string(value);
                    }
                }
                if (obj.agent != null && __AgentValues[obj.agent] !== 0) {
                    w.uint32(32);
                    Agent.codec().encode(obj.agent, w);
                }
                if ((obj.adapter != null && obj.adapter !== '')) {
                    w.uint32(42);
                    w.string(obj.adapter);
                }
                if (obj.offers != null && obj.offers.length > 0) {
                    for (const value of obj.offers) {
                        w.uint32(50);
                        Offer.codec().encode(value, w);
                    }
                }
                if (obj.watts != null) {
                    w.uint32(161);
                    w.double(obj.watts);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peer: '',
                    sequence: 0n,
                    addresses: [],
                    agent: Agent.NODE,
                    adapter: '',
                    offers: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.peer = reader.string();
                            break;
                        }
                        case 2: {
                            obj.sequence = reader.uint64();
                            break;
                        }
                        case 3: {
                            if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements');
                            }
                            obj.addresses.push(reader.string());
                            break;
                        }
                        case 4: {
                            obj.agent = Agent.codec().decode(reader);
                            break;
                        }
                        case 5: {
                            obj.adapter = reader.string();
                            break;
                        }
                        case 6: {
                            if (opts.limits?.offers != null && obj.offers.length === opts.limits.offers) {
                                throw new MaxLengthError('Decode error - repeated field "offers" had too many elements');
                            }
                            obj.offers.push(Offer.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.offers$
                            }));
                            break;
                        }
                        case 20: {
                            obj.watts = reader.double();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const obj = {
                    addresses: 0,
                    offers: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.peer`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.sequence`,
                                value: reader.uint64()
                            };
                            break;
                        }
                        case 3: {
                            if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements');
                            }
                            yield {
                                field: `${prefix}.addresses[]`,
                                index: obj.addresses,
                                value: reader.string()
                            };
                            obj.addresses++;
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.agent`,
                                value: Agent.codec().decode(reader)
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.adapter`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            if (opts.limits?.offers != null && obj.offers === opts.limits.offers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "offers" had too many elements');
                            }
                            for (const evt of Offer.codec().stream(reader, reader.uint32(), `${prefix}.offers[]`, {
                                limits: opts.limits?.offers$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.offers
                                };
                            }
                            obj.offers++;
                            break;
                        }
                        case 20: {
                            yield {
                                field: `${prefix}.watts`,
                                value: reader.double()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, SignedFields.codec());
    }
    SignedFields.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, SignedFields.codec(), opts);
    }
    SignedFields.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, SignedFields.codec(), opts);
    }
    SignedFields.stream = stream;
})(SignedFields || (SignedFields = {}));
export var Agent;
(function (Agent) {
    Agent["NODE"] = "NODE";
    Agent["TAB"] = "TAB";
})(Agent || (Agent = {}));
var __AgentValues;
(function (__AgentValues) {
    __AgentValues[__AgentValues["NODE"] = 0] = "NODE";
    __AgentValues[__AgentValues["TAB"] = 1] = "TAB";
})(__AgentValues || (__AgentValues = {}));
(function (Agent) {
    Agent.codec = () => {
        return enumeration(__AgentValues);
    };
})(Agent || (Agent = {}));
export var OfferState;
(function (OfferState) {
    OfferState["LOADING"] = "LOADING";
    OfferState["SERVING"] = "SERVING";
})(OfferState || (OfferState = {}));
var __OfferStateValues;
(function (__OfferStateValues) {
    __OfferStateValues[__OfferStateValues["LOADING"] = 0] = "LOADING";
    __OfferStateValues[__OfferStateValues["SERVING"] = 1] = "SERVING";
})(__OfferStateValues || (__OfferStateValues = {}));
(function (OfferState) {
    OfferState.codec = () => {
        return enumeration(__OfferStateValues);
    };
})(OfferState || (OfferState = {}));
export var Offer;
(function (Offer) {
    let _codec;
    Offer.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.model != null && obj.model.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.model);
                }
                if ((obj.layers != null && obj.layers !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.layers);
                }
                if ((obj.firstLayer != null && obj.firstLayer !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.firstLayer);
                }
                if ((obj.endLayer != null && obj.endLayer !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.endLayer);
                }
                if (obj.state != null && __OfferStateValues[obj.state] !== 0) {
                    w.uint32(40);
                    OfferState.codec().encode(obj.state, w);
                }
                if ((obj.numerics != null && obj.numerics !== '')) {
                    w.uint32(50);
                    w.string(obj.numerics);
                }
                if ((obj.prefillRate != null && obj.prefillRate !== 0)) {
                    w.uint32(57);
                    w.double(obj.prefillRate);
                }
                if ((obj.decodeRate != null && obj.decodeRate !== 0)) {
                    w.uint32(65);
                    w.double(obj.decodeRate);
                }
                if ((obj.freeKvTokens != null && obj.freeKvTokens !== 0)) {
                    w.uint32(72);
                    w.uint32(obj.freeKvTokens);
                }
                if ((obj.queueMs != null && obj.queueMs !== 0)) {
                    w.uint32(81);
                    w.double(obj.queueMs);
                }
                if (obj.sessions != null) {
                    w.uint32(480);
                    w.uint32(obj.sessions);
                }
                if ((obj.movable != null && obj.movable !== false)) {
                    w.uint32(488);
                    w.bool(obj.movable);
                }
                if ((obj.leaving != null && obj.leaving !== false)) {
                    w.uint32(496);
                    w.bool(obj.leaving);
                }
                if ((obj.demand != null && obj.demand !== 0)) {
                    w.uint32(504);
                    w.uint32(obj.demand);
                }
                if ((obj.int8 != null && obj.int8 !== false)) {
                    w.uint32(560);
                    w.bool(obj.int8);
                }
                if ((obj.roams != null && obj.roams !== false)) {
                    w.uint32(800);
                    w.bool(obj.roams);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    model: uint8ArrayAlloc(0),
                    layers: 0,
                    firstLayer: 0,
                    endLayer: 0,
                    state: OfferState.LOADING,
                    numerics: '',
                    prefillRate: 0,
                    decodeRate: 0,
                    freeKvTokens: 0,
                    queueMs: 0,
                    movable: false,
                    leaving: false,
                    demand: 0,
                    int8: false,
                    roams: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.model = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.layers = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.firstLayer = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.endLayer = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.state = OfferState.codec().decode(reader);
                            break;
                        }
                        case 6: {
                            obj.numerics = reader.string();
                            break;
                        }
                        case 7: {
                            obj.prefillRate = reader.double();
                            break;
                        }
                        case 8: {
                            obj.decodeRate = reader.double();
                            break;
                        }
                        case 9: {
                            obj.freeKvTokens = reader.uint32();
                            break;
                        }
                        case 10: {
                            obj.queueMs = reader.double();
                            break;
                        }
                        case 60: {
                            obj.sessions = reader.uint32();
                            break;
                        }
                        case 61: {
                            obj.movable = reader.bool();
                            break;
                        }
                        case 62: {
                            obj.leaving = reader.bool();
                            break;
                        }
                        case 63: {
                            obj.demand = reader.uint32();
                            break;
                        }
                        case 70: {
                            obj.int8 = reader.bool();
                            break;
                        }
                        case 100: {
                            obj.roams = reader.bool();
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.model`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.layers`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.firstLayer`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.endLayer`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.state`,
                                value: OfferState.codec().decode(reader)
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.numerics`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.prefillRate`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.decodeRate`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.freeKvTokens`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 10: {
                            yield {
                                field: `${prefix}.queueMs`,
                                value: reader.double()
                            };
                            break;
                        }
                        case 60: {
                            yield {
                                field: `${prefix}.sessions`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 61: {
                            yield {
                                field: `${prefix}.movable`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 62: {
                            yield {
                                field: `${prefix}.leaving`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 63: {
                            yield {
                                field: `${prefix}.demand`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 70: {
                            yield {
                                field: `${prefix}.int8`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 100: {
                            yield {
                                field: `${prefix}.roams`,
                                value: reader.bool()
                            };
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
            });
        }
        return _codec;
    };
    function encode(obj) {
        return encodeMessage(obj, Offer.codec());
    }
    Offer.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Offer.codec(), opts);
    }
    Offer.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Offer.codec(), opts);
    }
    Offer.stream = stream;
})(Offer || (Offer = {}));
