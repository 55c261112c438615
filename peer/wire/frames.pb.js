// Generated from frames.proto by `npm run protos`. Do not edit.
/* eslint-disable require-yield */
import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime';
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc';
export var ChainFrame;
(function (ChainFrame) {
    let _codec;
    ChainFrame.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.probeReply != null) {
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.probe != null) {
                    obj.probeReply = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.failure != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.credit != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.row != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.answer != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.opened != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.close != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.rowRequest != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.beat != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.step = undefined;
                    obj.open = undefined;
                }
                if (obj.step != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.open = undefined;
                }
                if (obj.open != null) {
                    obj.probeReply = undefined;
                    obj.probe = undefined;
                    obj.failure = undefined;
                    obj.credit = undefined;
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.opened = undefined;
                    obj.close = undefined;
                    obj.rowRequest = undefined;
                    obj.beat = undefined;
                    obj.step = undefined;
                }
                if (obj.open != null) {
                    w.uint32(10);
                    Open.codec().encode(obj.open, w);
                }
                if (obj.step != null) {
                    w.uint32(18);
                    Step.codec().encode(obj.step, w);
                }
                if (obj.beat != null) {
                    w.uint32(26);
                    Beat.codec().encode(obj.beat, w);
                }
                if (obj.rowRequest != null) {
                    w.uint32(34);
                    RowRequest.codec().encode(obj.rowRequest, w);
                }
                if (obj.close != null) {
                    w.uint32(42);
                    Close.codec().encode(obj.close, w);
                }
                if (obj.opened != null) {
                    w.uint32(50);
                    Opened.codec().encode(obj.opened, w);
                }
                if (obj.answer != null) {
                    w.uint32(58);
                    Answer.codec().encode(obj.answer, w);
                }
                if (obj.row != null) {
                    w.uint32(66);
                    Row.codec().encode(obj.row, w);
                }
                if (obj.credit != null) {
                    w.uint32(74);
                    Credit.codec().encode(obj.credit, w);
                }
                if (obj.failure != null) {
                    w.uint32(82);
                    Failure.codec().encode(obj.failure, w);
                }
                if (obj.probe != null) {
                    w.uint32(90);
                    Probe.codec().encode(obj.probe, w);
                }
                if (obj.probeReply != null) {
                    w.uint32(98);
                    ProbeReply.codec().encode(obj.probeReply, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.open = Open.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.open
                            });
                            break;
                        }
                        case 2: {
                            obj.step = Step.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.step
                            });
                            break;
                        }
                        case 3: {
                            obj.beat = Beat.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.beat
                            });
                            break;
                        }
                        case 4: {
                            obj.rowRequest = RowRequest.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.rowRequest
                            });
                            break;
                        }
                        case 5: {
                            obj.close = Close.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.close
                            });
                            break;
                        }
                        case 6: {
                            obj.opened = Opened.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.opened
                            });
                            break;
                        }
                        case 7: {
                            obj.answer = Answer.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.answer
                            });
                            break;
                        }
                        case 8: {
                            obj.row = Row.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.row
                            });
                            break;
                        }
                        case 9: {
                            obj.credit = Credit.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.credit
                            });
                            break;
                        }
                        case 10: {
                            obj.failure = Failure.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.failure
                            });
                            break;
                        }
                        case 11: {
                            obj.probe = Probe.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.probe
                            });
                            break;
                        }
                        case 12: {
                            obj.probeReply = ProbeReply.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.probeReply
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.probeReply != null) {
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.probe != null) {
                    delete obj.probeReply;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.failure != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.credit != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.row != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.answer != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.opened != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.close != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.rowRequest != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.beat;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.beat != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.step;
                    delete obj.open;
                }
                if (obj.step != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.open;
                }
                if (obj.open != null) {
                    delete obj.probeReply;
                    delete obj.probe;
                    delete obj.failure;
                    delete obj.credit;
                    delete obj.row;
                    delete obj.answer;
                    delete obj.opened;
                    delete obj.close;
                    delete obj.rowRequest;
                    delete obj.beat;
                    delete obj.step;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Open.codec().stream(reader, reader.uint32(), `${prefix}.open`, {
                                limits: opts.limits?.open
                            });
                            break;
                        }
                        case 2: {
                            yield* Step.codec().stream(reader, reader.uint32(), `${prefix}.step`, {
                                limits: opts.limits?.step
                            });
                            break;
                        }
                        case 3: {
                            yield* Beat.codec().stream(reader, reader.uint32(), `${prefix}.beat`, {
                                limits: opts.limits?.beat
                            });
                            break;
                        }
                        case 4: {
                            yield* RowRequest.codec().stream(reader, reader.uint32(), `${prefix}.rowRequest`, {
                                limits: opts.limits?.rowRequest
                            });
                            break;
                        }
                        case 5: {
                            yield* Close.codec().stream(reader, reader.uint32(), `${prefix}.close`, {
                                limits: opts.limits?.close
                            });
                            break;
                        }
                        case 6: {
                            yield* Opened.codec().stream(reader, reader.uint32(), `${prefix}.opened`, {
                                limits: opts.limits?.opened
                            });
                            break;
                        }
                        case 7: {
                            yield* Answer.codec().stream(reader, reader.uint32(), `${prefix}.answer`, {
                                limits: opts.limits?.answer
                            });
                            break;
                        }
                        case 8: {
                            yield* Row.codec().stream(reader, reader.uint32(), `${prefix}.row`, {
                                limits: opts.limits?.row
                            });
                            break;
                        }
                        case 9: {
                            yield* Credit.codec().stream(reader, reader.uint32(), `${prefix}.credit`, {
                                limits: opts.limits?.credit
                            });
                            break;
                        }
                        case 10: {
                            yield* Failure.codec().stream(reader, reader.uint32(), `${prefix}.failure`, {
                                limits: opts.limits?.failure
                            });
                            break;
                        }
                        case 11: {
                            yield* Probe.codec().stream(reader, reader.uint32(), `${prefix}.probe`, {
                                limits: opts.limits?.probe
                            });
                            break;
                        }
                        case 12: {
                            yield* ProbeReply.codec().stream(reader, reader.uint32(), `${prefix}.probeReply`, {
                                limits: opts.limits?.probeReply
                            });
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
        return encodeMessage(obj, ChainFrame.codec());
    }
    ChainFrame.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ChainFrame.codec(), opts);
    }
    ChainFrame.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ChainFrame.codec(), opts);
    }
    ChainFrame.stream = stream;
})(ChainFrame || (ChainFrame = {}));
export var Open;
(function (Open) {
    let _codec;
    Open.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.plan != null && obj.plan.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.plan);
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
                    plan: uint8ArrayAlloc(0),
                    publicKey: uint8ArrayAlloc(0),
                    signature: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.plan = reader.bytes();
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
                                field: `${prefix}.plan`,
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
        return encodeMessage(obj, Open.codec());
    }
    Open.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Open.codec(), opts);
    }
    Open.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Open.codec(), opts);
    }
    Open.stream = stream;
})(Open || (Open = {}));
export var OpenPlan;
(function (OpenPlan) {
    let _codec;
    OpenPlan.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.driver != null && obj.driver !== '')) {
                    w.uint32(26);
                    w.string(obj.driver);
                }
                if ((obj.model != null && obj.model.byteLength > 0)) {
                    w.uint32(34);
                    w.bytes(obj.model);
                }
                if (obj.hops != null && obj.hops.length > 0) {
                    for (const value of obj.hops) {
                        w.uint32(42);
                        HopPlan.codec().encode(value, w);
                    }
                }
                if ((obj.reserveTokens != null && obj.reserveTokens !== 0)) {
                    w.uint32(48);
                    w.uint32(obj.reserveTokens);
                }
                if ((obj.committed != null && obj.committed !== 0)) {
                    w.uint32(56);
                    w.uint32(obj.committed);
                }
                if ((obj.leaseMs != null && obj.leaseMs !== 0)) {
                    w.uint32(64);
                    w.uint32(obj.leaseMs);
                }
                if ((obj.waitMs != null && obj.waitMs !== 0)) {
                    w.uint32(72);
                    w.uint32(obj.waitMs);
                }
                if (obj.encoding != null && __EncodingValues[obj.encoding] !== 0) {
                    w.uint32(80);
                    Encoding.codec().encode(obj.encoding, w);
                }
                if ((obj.window != null && obj.window !== 0)) {
                    w.uint32(88);
                    w.uint32(obj.window);
                }
                if (obj.driverAddresses != null && obj.driverAddresses.length > 0) {
                    for (const value of obj.driverAddresses) {
                        w.uint32(98);
                        w.string(value);
                    }
                }
                if ((obj.issuedAt != null && obj.issuedAt !== 0n)) {
                    w.uint32(104);
                    w.uint64(obj.issuedAt);
                }
                if ((obj.background != null && obj.background !== false)) {
                    w.uint32(560);
                    w.bool(obj.background);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    driver: '',
                    model: uint8ArrayAlloc(0),
                    hops: [],
                    reserveTokens: 0,
                    committed: 0,
                    leaseMs: 0,
                    waitMs: 0,
                    encoding: Encoding.AUTO,
                    window: 0,
                    driverAddresses: [],
                    issuedAt: 0n,
                    background: false
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.driver = reader.string();
                            break;
                        }
                        case 4: {
                            obj.model = reader.bytes();
                            break;
                        }
                        case 5: {
                            if (opts.limits?.hops != null && obj.hops.length === opts.limits.hops) {
                                throw new MaxLengthError('Decode error - repeated field "hops" had too many elements');
                            }
                            obj.hops.push(HopPlan.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.hops$
                            }));
                            break;
                        }
                        case 6: {
                            obj.reserveTokens = reader.uint32();
                            break;
                        }
                        case 7: {
                            obj.committed = reader.uint32();
                            break;
                        }
                        case 8: {
                            obj.leaseMs = reader.uint32();
                            break;
                        }
                        case 9: {
                            obj.waitMs = reader.uint32();
                            break;
                        }
                        case 10: {
                            obj.encoding = Encoding.codec().decode(reader);
                            break;
                        }
                        case 11: {
                            obj.window = reader.uint32();
                            break;
                        }
                        case 12: {
                            if (opts.limits?.driverAddresses != null && obj.driverAddresses.length === opts.limits.driverAddresses) {
                                throw new MaxLengthError('Decode error - repeated field "driverAddresses" had too many elements');
                            }
                            obj.driverAddresses.push(reader.string());
                            break;
                        }
                        case 13: {
                            obj.issuedAt = reader.uint64();
                            break;
                        }
                        case 70: {
                            obj.background = reader.bool();
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
                    hops: 0,
                    driverAddresses: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.driver`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.model`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 5: {
                            if (opts.limits?.hops != null && obj.hops === opts.limits.hops) {
                                throw new MaxLengthError('Streaming decode error - repeated field "hops" had too many elements');
                            }
                            for (const evt of HopPlan.codec().stream(reader, reader.uint32(), `${prefix}.hops[]`, {
                                limits: opts.limits?.hops$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.hops
                                };
                            }
                            obj.hops++;
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.reserveTokens`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.committed`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.leaseMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.waitMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 10: {
                            yield {
                                field: `${prefix}.encoding`,
                                value: Encoding.codec().decode(reader)
                            };
                            break;
                        }
                        case 11: {
                            yield {
                                field: `${prefix}.window`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 12: {
                            if (opts.limits?.driverAddresses != null && obj.driverAddresses === opts.limits.driverAddresses) {
                                throw new MaxLengthError('Streaming decode error - repeated field "driverAddresses" had too many elements');
                            }
                            yield {
                                field: `${prefix}.driverAddresses[]`,
                                index: obj.driverAddresses,
                                value: reader.string()
                            };
                            obj.driverAddresses++;
                            break;
                        }
                        case 13: {
                            yield {
                                field: `${prefix}.issuedAt`,
                                value: reader.uint64()
                            };
                            break;
                        }
                        case 70: {
                            yield {
                                field: `${prefix}.background`,
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
        return encodeMessage(obj, OpenPlan.codec());
    }
    OpenPlan.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, OpenPlan.codec(), opts);
    }
    OpenPlan.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, OpenPlan.codec(), opts);
    }
    OpenPlan.stream = stream;
})(OpenPlan || (OpenPlan = {}));
export var HopPlan;
(function (HopPlan) {
    let _codec;
    HopPlan.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.peer != null && obj.peer !== '')) {
                    w.uint32(10);
                    w.string(obj.peer);
                }
                if ((obj.firstLayer != null && obj.firstLayer !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.firstLayer);
                }
                if ((obj.endLayer != null && obj.endLayer !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.endLayer);
                }
                if (obj.addresses != null && obj.addresses.length > 0) {
                    for (const value of obj.addresses) {
                        w.uint32(34);
                        w.string(value);
                    }
                }
                if ((obj.numerics != null && obj.numerics !== '')) {
                    w.uint32(42);
                    w.string(obj.numerics);
                }
                if (obj.standby != null) {
                    w.uint32(66);
                    StandbyPeer.codec().encode(obj.standby, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peer: '',
                    firstLayer: 0,
                    endLayer: 0,
                    addresses: [],
                    numerics: ''
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
                            obj.firstLayer = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.endLayer = reader.uint32();
                            break;
                        }
                        case 4: {
                            if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements');
                            }
                            obj.addresses.push(reader.string());
                            break;
                        }
                        case 5: {
                            obj.numerics = reader.string();
                            break;
                        }
                        case 8: {
                            obj.standby = StandbyPeer.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.standby
                            });
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
                    addresses: 0
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
                                field: `${prefix}.firstLayer`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.endLayer`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
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
                        case 5: {
                            yield {
                                field: `${prefix}.numerics`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 8: {
                            yield* StandbyPeer.codec().stream(reader, reader.uint32(), `${prefix}.standby`, {
                                limits: opts.limits?.standby
                            });
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
        return encodeMessage(obj, HopPlan.codec());
    }
    HopPlan.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, HopPlan.codec(), opts);
    }
    HopPlan.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, HopPlan.codec(), opts);
    }
    HopPlan.stream = stream;
})(HopPlan || (HopPlan = {}));
export var StandbyPeer;
(function (StandbyPeer) {
    let _codec;
    StandbyPeer.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.peer != null && obj.peer !== '')) {
                    w.uint32(10);
                    w.string(obj.peer);
                }
                if (obj.addresses != null && obj.addresses.length > 0) {
                    for (const value of obj.addresses) {
                        w.uint32(18);
                        w.string(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peer: '',
                    addresses: []
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
                            if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements');
                            }
                            obj.addresses.push(reader.string());
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
                    addresses: 0
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
        return encodeMessage(obj, StandbyPeer.codec());
    }
    StandbyPeer.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StandbyPeer.codec(), opts);
    }
    StandbyPeer.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StandbyPeer.codec(), opts);
    }
    StandbyPeer.stream = stream;
})(StandbyPeer || (StandbyPeer = {}));
export var Encoding;
(function (Encoding) {
    Encoding["AUTO"] = "AUTO";
    Encoding["F32"] = "F32";
    Encoding["INT8"] = "INT8";
})(Encoding || (Encoding = {}));
var __EncodingValues;
(function (__EncodingValues) {
    __EncodingValues[__EncodingValues["AUTO"] = 0] = "AUTO";
    __EncodingValues[__EncodingValues["F32"] = 1] = "F32";
    __EncodingValues[__EncodingValues["INT8"] = 2] = "INT8";
})(__EncodingValues || (__EncodingValues = {}));
(function (Encoding) {
    Encoding.codec = () => {
        return enumeration(__EncodingValues);
    };
})(Encoding || (Encoding = {}));
export var Opened;
(function (Opened) {
    let _codec;
    Opened.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if (obj.hops != null && obj.hops.length > 0) {
                    for (const value of obj.hops) {
                        w.uint32(26);
                        HopState.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    hops: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            if (opts.limits?.hops != null && obj.hops.length === opts.limits.hops) {
                                throw new MaxLengthError('Decode error - repeated field "hops" had too many elements');
                            }
                            obj.hops.push(HopState.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.hops$
                            }));
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
                    hops: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            if (opts.limits?.hops != null && obj.hops === opts.limits.hops) {
                                throw new MaxLengthError('Streaming decode error - repeated field "hops" had too many elements');
                            }
                            for (const evt of HopState.codec().stream(reader, reader.uint32(), `${prefix}.hops[]`, {
                                limits: opts.limits?.hops$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.hops
                                };
                            }
                            obj.hops++;
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
        return encodeMessage(obj, Opened.codec());
    }
    Opened.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Opened.codec(), opts);
    }
    Opened.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Opened.codec(), opts);
    }
    Opened.stream = stream;
})(Opened || (Opened = {}));
export var HopState;
(function (HopState) {
    let _codec;
    HopState.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.kvLength != null && obj.kvLength !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.kvLength);
                }
                if ((obj.logFirst != null && obj.logFirst !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.logFirst);
                }
                if ((obj.logEnd != null && obj.logEnd !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.logEnd);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    kvLength: 0,
                    logFirst: 0,
                    logEnd: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.kvLength = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.logFirst = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.logEnd = reader.uint32();
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
                                field: `${prefix}.kvLength`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.logFirst`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.logEnd`,
                                value: reader.uint32()
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
        return encodeMessage(obj, HopState.codec());
    }
    HopState.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, HopState.codec(), opts);
    }
    HopState.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, HopState.codec(), opts);
    }
    HopState.stream = stream;
})(HopState || (HopState = {}));
export var Step;
(function (Step) {
    let _codec;
    Step.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if ((obj.position != null && obj.position !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.position);
                }
                if ((obj.count != null && obj.count !== 0)) {
                    w.uint32(40);
                    w.uint32(obj.count);
                }
                if (obj.tokens != null) {
                    w.uint32(50);
                    Tokens.codec().encode(obj.tokens, w);
                }
                if (obj.hidden != null) {
                    w.uint32(58);
                    Activation.codec().encode(obj.hidden, w);
                }
                if (obj.head != null) {
                    w.uint32(66);
                    HeadAsk.codec().encode(obj.head, w);
                }
                if (obj.timings != null && obj.timings.length > 0) {
                    for (const value of obj.timings) {
                        w.uint32(74);
                        HopTiming.codec().encode(value, w);
                    }
                }
                if (obj.parts != null && obj.parts.length > 0) {
                    for (const value of obj.parts) {
                        w.uint32(80);
                        w.uint32(value);
                    }
                }
                if ((obj.promptLeft != null && obj.promptLeft !== 0)) {
                    w.uint32(560);
                    w.uint32(obj.promptLeft);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0,
                    position: 0,
                    count: 0,
                    timings: [],
                    parts: [],
                    promptLeft: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.position = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.count = reader.uint32();
                            break;
                        }
                        case 6: {
                            obj.tokens = Tokens.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.tokens
                            });
                            break;
                        }
                        case 7: {
                            obj.hidden = Activation.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.hidden
                            });
                            break;
                        }
                        case 8: {
                            obj.head = HeadAsk.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.head
                            });
                            break;
                        }
                        case 9: {
                            if (opts.limits?.timings != null && obj.timings.length === opts.limits.timings) {
                                throw new MaxLengthError('Decode error - repeated field "timings" had too many elements');
                            }
                            obj.timings.push(HopTiming.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.timings$
                            }));
                            break;
                        }
                        case 10: {
                            if (opts.limits?.parts != null && obj.parts.length === opts.limits.parts) {
                                throw new MaxLengthError('Decode error - repeated field "parts" had too many elements');
                            }
                            obj.parts.push(reader.uint32());
                            break;
                        }
                        case 70: {
                            obj.promptLeft = reader.uint32();
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
                    timings: 0,
                    parts: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.position`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.count`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 6: {
                            yield* Tokens.codec().stream(reader, reader.uint32(), `${prefix}.tokens`, {
                                limits: opts.limits?.tokens
                            });
                            break;
                        }
                        case 7: {
                            yield* Activation.codec().stream(reader, reader.uint32(), `${prefix}.hidden`, {
                                limits: opts.limits?.hidden
                            });
                            break;
                        }
                        case 8: {
                            yield* HeadAsk.codec().stream(reader, reader.uint32(), `${prefix}.head`, {
                                limits: opts.limits?.head
                            });
                            break;
                        }
                        case 9: {
                            if (opts.limits?.timings != null && obj.timings === opts.limits.timings) {
                                throw new MaxLengthError('Streaming decode error - repeated field "timings" had too many elements');
                            }
                            for (const evt of HopTiming.codec().stream(reader, reader.uint32(), `${prefix}.timings[]`, {
                                limits: opts.limits?.timings$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.timings
                                };
                            }
                            obj.timings++;
                            break;
                        }
                        case 10: {
                            if (opts.limits?.parts != null && obj.parts === opts.limits.parts) {
                                throw new MaxLengthError('Streaming decode error - repeated field "parts" had too many elements');
                            }
                            yield {
                                field: `${prefix}.parts[]`,
                                index: obj.parts,
                                value: reader.uint32()
                            };
                            obj.parts++;
                            break;
                        }
                        case 70: {
                            yield {
                                field: `${prefix}.promptLeft`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Step.codec());
    }
    Step.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Step.codec(), opts);
    }
    Step.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Step.codec(), opts);
    }
    Step.stream = stream;
})(Step || (Step = {}));
export var Tokens;
(function (Tokens) {
    let _codec;
    Tokens.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.ids != null && obj.ids.length > 0) {
                    for (const value of obj.ids) {
                        w.uint32(8);
                        w.uint32(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    ids: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.ids != null && obj.ids.length === opts.limits.ids) {
                                throw new MaxLengthError('Decode error - repeated field "ids" had too many elements');
                            }
                            obj.ids.push(reader.uint32());
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
                    ids: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.ids != null && obj.ids === opts.limits.ids) {
                                throw new MaxLengthError('Streaming decode error - repeated field "ids" had too many elements');
                            }
                            yield {
                                field: `${prefix}.ids[]`,
                                index: obj.ids,
                                value: reader.uint32()
                            };
                            obj.ids++;
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
        return encodeMessage(obj, Tokens.codec());
    }
    Tokens.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Tokens.codec(), opts);
    }
    Tokens.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Tokens.codec(), opts);
    }
    Tokens.stream = stream;
})(Tokens || (Tokens = {}));
export var Activation;
(function (Activation) {
    let _codec;
    Activation.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.dtype != null && __DtypeValues[obj.dtype] !== 0) {
                    w.uint32(8);
                    Dtype.codec().encode(obj.dtype, w);
                }
                if ((obj.data != null && obj.data.byteLength > 0)) {
                    w.uint32(18);
                    w.bytes(obj.data);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    dtype: Dtype.DTYPE_F16,
                    data: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.dtype = Dtype.codec().decode(reader);
                            break;
                        }
                        case 2: {
                            obj.data = reader.bytes();
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
                                field: `${prefix}.dtype`,
                                value: Dtype.codec().decode(reader)
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.data`,
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
        return encodeMessage(obj, Activation.codec());
    }
    Activation.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Activation.codec(), opts);
    }
    Activation.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Activation.codec(), opts);
    }
    Activation.stream = stream;
})(Activation || (Activation = {}));
export var Dtype;
(function (Dtype) {
    Dtype["DTYPE_F16"] = "DTYPE_F16";
    Dtype["DTYPE_F32"] = "DTYPE_F32";
    Dtype["DTYPE_INT8"] = "DTYPE_INT8";
})(Dtype || (Dtype = {}));
var __DtypeValues;
(function (__DtypeValues) {
    __DtypeValues[__DtypeValues["DTYPE_F16"] = 0] = "DTYPE_F16";
    __DtypeValues[__DtypeValues["DTYPE_F32"] = 1] = "DTYPE_F32";
    __DtypeValues[__DtypeValues["DTYPE_INT8"] = 2] = "DTYPE_INT8";
})(__DtypeValues || (__DtypeValues = {}));
(function (Dtype) {
    Dtype.codec = () => {
        return enumeration(__DtypeValues);
    };
})(Dtype || (Dtype = {}));
export var HeadAsk;
(function (HeadAsk) {
    let _codec;
    HeadAsk.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.rows != null && obj.rows !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.rows);
                }
                if ((obj.topK != null && obj.topK !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.topK);
                }
                if ((obj.temperature != null && obj.temperature !== 0)) {
                    w.uint32(29);
                    w.float(obj.temperature);
                }
                if (obj.extraIds != null && obj.extraIds.length > 0) {
                    for (const value of obj.extraIds) {
                        w.uint32(32);
                        w.uint32(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    rows: 0,
                    topK: 0,
                    temperature: 0,
                    extraIds: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.rows = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.topK = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.temperature = reader.float();
                            break;
                        }
                        case 4: {
                            if (opts.limits?.extraIds != null && obj.extraIds.length === opts.limits.extraIds) {
                                throw new MaxLengthError('Decode error - repeated field "extraIds" had too many elements');
                            }
                            obj.extraIds.push(reader.uint32());
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
                    extraIds: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.rows`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.topK`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.temperature`,
                                value: reader.float()
                            };
                            break;
                        }
                        case 4: {
                            if (opts.limits?.extraIds != null && obj.extraIds === opts.limits.extraIds) {
                                throw new MaxLengthError('Streaming decode error - repeated field "extraIds" had too many elements');
                            }
                            yield {
                                field: `${prefix}.extraIds[]`,
                                index: obj.extraIds,
                                value: reader.uint32()
                            };
                            obj.extraIds++;
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
        return encodeMessage(obj, HeadAsk.codec());
    }
    HeadAsk.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, HeadAsk.codec(), opts);
    }
    HeadAsk.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, HeadAsk.codec(), opts);
    }
    HeadAsk.stream = stream;
})(HeadAsk || (HeadAsk = {}));
export var HopTiming;
(function (HopTiming) {
    let _codec;
    HopTiming.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.queueUs != null && obj.queueUs !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.queueUs);
                }
                if ((obj.computeUs != null && obj.computeUs !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.computeUs);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    queueUs: 0,
                    computeUs: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.queueUs = reader.uint32();
                            break;
                        }
                        case 2: {
                            obj.computeUs = reader.uint32();
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
                                field: `${prefix}.queueUs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.computeUs`,
                                value: reader.uint32()
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
        return encodeMessage(obj, HopTiming.codec());
    }
    HopTiming.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, HopTiming.codec(), opts);
    }
    HopTiming.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, HopTiming.codec(), opts);
    }
    HopTiming.stream = stream;
})(HopTiming || (HopTiming = {}));
export var Answer;
(function (Answer) {
    let _codec;
    Answer.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if ((obj.position != null && obj.position !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.position);
                }
                if ((obj.count != null && obj.count !== 0)) {
                    w.uint32(40);
                    w.uint32(obj.count);
                }
                if (obj.rows != null && obj.rows.length > 0) {
                    for (const value of obj.rows) {
                        w.uint32(50);
                        HeadRow.codec().encode(value, w);
                    }
                }
                if (obj.timings != null && obj.timings.length > 0) {
                    for (const value of obj.timings) {
                        w.uint32(58);
                        HopTiming.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0,
                    position: 0,
                    count: 0,
                    rows: [],
                    timings: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.position = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.count = reader.uint32();
                            break;
                        }
                        case 6: {
                            if (opts.limits?.rows != null && obj.rows.length === opts.limits.rows) {
                                throw new MaxLengthError('Decode error - repeated field "rows" had too many elements');
                            }
                            obj.rows.push(HeadRow.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.rows$
                            }));
                            break;
                        }
                        case 7: {
                            if (opts.limits?.timings != null && obj.timings.length === opts.limits.timings) {
                                throw new MaxLengthError('Decode error - repeated field "timings" had too many elements');
                            }
                            obj.timings.push(HopTiming.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.timings$
                            }));
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
                    rows: 0,
                    timings: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield {
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.position`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.count`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 6: {
                            if (opts.limits?.rows != null && obj.rows === opts.limits.rows) {
                                throw new MaxLengthError('Streaming decode error - repeated field "rows" had too many elements');
                            }
                            for (const evt of HeadRow.codec().stream(reader, reader.uint32(), `${prefix}.rows[]`, {
                                limits: opts.limits?.rows$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.rows
                                };
                            }
                            obj.rows++;
                            break;
                        }
                        case 7: {
                            if (opts.limits?.timings != null && obj.timings === opts.limits.timings) {
                                throw new MaxLengthError('Streaming decode error - repeated field "timings" had too many elements');
                            }
                            for (const evt of HopTiming.codec().stream(reader, reader.uint32(), `${prefix}.timings[]`, {
                                limits: opts.limits?.timings$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.timings
                                };
                            }
                            obj.timings++;
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
        return encodeMessage(obj, Answer.codec());
    }
    Answer.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Answer.codec(), opts);
    }
    Answer.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Answer.codec(), opts);
    }
    Answer.stream = stream;
})(Answer || (Answer = {}));
export var HeadRow;
(function (HeadRow) {
    let _codec;
    HeadRow.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.ids != null && obj.ids.length > 0) {
                    for (const value of obj.ids) {
                        w.uint32(8);
                        w.uint32(value);
                    }
                }
                if (obj.logits != null && obj.logits.length > 0) {
                    for (const value of obj.logits) {
                        w.uint32(21);
                        w.float(value);
                    }
                }
                if (obj.extraLogits != null && obj.extraLogits.length > 0) {
                    for (const value of obj.extraLogits) {
                        w.uint32(29);
                        w.float(value);
                    }
                }
                if ((obj.logSumExp != null && obj.logSumExp !== 0)) {
                    w.uint32(37);
                    w.float(obj.logSumExp);
                }
                if ((obj.logSumExpAtTemperature != null && obj.logSumExpAtTemperature !== 0)) {
                    w.uint32(45);
                    w.float(obj.logSumExpAtTemperature);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    ids: [],
                    logits: [],
                    extraLogits: [],
                    logSumExp: 0,
                    logSumExpAtTemperature: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.ids != null && obj.ids.length === opts.limits.ids) {
                                throw new MaxLengthError('Decode error - repeated field "ids" had too many elements');
                            }
                            obj.ids.push(reader.uint32());
                            break;
                        }
                        case 2: {
                            if (opts.limits?.logits != null && obj.logits.length === opts.limits.logits) {
                                throw new MaxLengthError('Decode error - repeated field "logits" had too many elements');
                            }
                            obj.logits.push(reader.float());
                            break;
                        }
                        case 3: {
                            if (opts.limits?.extraLogits != null && obj.extraLogits.length === opts.limits.extraLogits) {
                                throw new MaxLengthError('Decode error - repeated field "extraLogits" had too many elements');
                            }
                            obj.extraLogits.push(reader.float());
                            break;
                        }
                        case 4: {
                            obj.logSumExp = reader.float();
                            break;
                        }
                        case 5: {
                            obj.logSumExpAtTemperature = reader.float();
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
                    ids: 0,
                    logits: 0,
                    extraLogits: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.ids != null && obj.ids === opts.limits.ids) {
                                throw new MaxLengthError('Streaming decode error - repeated field "ids" had too many elements');
                            }
                            yield {
                                field: `${prefix}.ids[]`,
                                index: obj.ids,
                                value: reader.uint32()
                            };
                            obj.ids++;
                            break;
                        }
                        case 2: {
                            if (opts.limits?.logits != null && obj.logits === opts.limits.logits) {
                                throw new MaxLengthError('Streaming decode error - repeated field "logits" had too many elements');
                            }
                            yield {
                                field: `${prefix}.logits[]`,
                                index: obj.logits,
                                value: reader.float()
                            };
                            obj.logits++;
                            break;
                        }
                        case 3: {
                            if (opts.limits?.extraLogits != null && obj.extraLogits === opts.limits.extraLogits) {
                                throw new MaxLengthError('Streaming decode error - repeated field "extraLogits" had too many elements');
                            }
                            yield {
                                field: `${prefix}.extraLogits[]`,
                                index: obj.extraLogits,
                                value: reader.float()
                            };
                            obj.extraLogits++;
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.logSumExp`,
                                value: reader.float()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.logSumExpAtTemperature`,
                                value: reader.float()
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
        return encodeMessage(obj, HeadRow.codec());
    }
    HeadRow.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, HeadRow.codec(), opts);
    }
    HeadRow.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, HeadRow.codec(), opts);
    }
    HeadRow.stream = stream;
})(HeadRow || (HeadRow = {}));
export var RowRequest;
(function (RowRequest) {
    let _codec;
    RowRequest.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if ((obj.row != null && obj.row !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.row);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0,
                    row: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.row = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.row`,
                                value: reader.uint32()
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
        return encodeMessage(obj, RowRequest.codec());
    }
    RowRequest.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, RowRequest.codec(), opts);
    }
    RowRequest.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, RowRequest.codec(), opts);
    }
    RowRequest.stream = stream;
})(RowRequest || (RowRequest = {}));
export var Row;
(function (Row) {
    let _codec;
    Row.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if ((obj.row != null && obj.row !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.row);
                }
                if ((obj.logits != null && obj.logits.byteLength > 0)) {
                    w.uint32(42);
                    w.bytes(obj.logits);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0,
                    row: 0,
                    logits: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.row = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.logits = reader.bytes();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.row`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.logits`,
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
        return encodeMessage(obj, Row.codec());
    }
    Row.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Row.codec(), opts);
    }
    Row.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Row.codec(), opts);
    }
    Row.stream = stream;
})(Row || (Row = {}));
export var Beat;
(function (Beat) {
    let _codec;
    Beat.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Beat.codec());
    }
    Beat.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Beat.codec(), opts);
    }
    Beat.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Beat.codec(), opts);
    }
    Beat.stream = stream;
})(Beat || (Beat = {}));
export var Probe;
(function (Probe) {
    let _codec;
    Probe.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Probe.codec());
    }
    Probe.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Probe.codec(), opts);
    }
    Probe.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Probe.codec(), opts);
    }
    Probe.stream = stream;
})(Probe || (Probe = {}));
export var ProbeReply;
(function (ProbeReply) {
    let _codec;
    ProbeReply.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if ((obj.hop != null && obj.hop !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.hop);
                }
                if ((obj.received != null && obj.received !== 0)) {
                    w.uint32(40);
                    w.uint32(obj.received);
                }
                if ((obj.executed != null && obj.executed !== 0)) {
                    w.uint32(48);
                    w.uint32(obj.executed);
                }
                if ((obj.runMs != null && obj.runMs !== 0)) {
                    w.uint32(56);
                    w.uint32(obj.runMs);
                }
                if ((obj.runTokens != null && obj.runTokens !== 0)) {
                    w.uint32(64);
                    w.uint32(obj.runTokens);
                }
                if ((obj.passedOn != null && obj.passedOn !== false)) {
                    w.uint32(72);
                    w.bool(obj.passedOn);
                }
                if ((obj.dialMs != null && obj.dialMs !== 0)) {
                    w.uint32(80);
                    w.uint32(obj.dialMs);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0,
                    hop: 0,
                    received: 0,
                    executed: 0,
                    runMs: 0,
                    runTokens: 0,
                    passedOn: false,
                    dialMs: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.hop = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.received = reader.uint32();
                            break;
                        }
                        case 6: {
                            obj.executed = reader.uint32();
                            break;
                        }
                        case 7: {
                            obj.runMs = reader.uint32();
                            break;
                        }
                        case 8: {
                            obj.runTokens = reader.uint32();
                            break;
                        }
                        case 9: {
                            obj.passedOn = reader.bool();
                            break;
                        }
                        case 10: {
                            obj.dialMs = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.hop`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.received`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.executed`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.runMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 8: {
                            yield {
                                field: `${prefix}.runTokens`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 9: {
                            yield {
                                field: `${prefix}.passedOn`,
                                value: reader.bool()
                            };
                            break;
                        }
                        case 10: {
                            yield {
                                field: `${prefix}.dialMs`,
                                value: reader.uint32()
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
        return encodeMessage(obj, ProbeReply.codec());
    }
    ProbeReply.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ProbeReply.codec(), opts);
    }
    ProbeReply.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ProbeReply.codec(), opts);
    }
    ProbeReply.stream = stream;
})(ProbeReply || (ProbeReply = {}));
export var Credit;
(function (Credit) {
    let _codec;
    Credit.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Credit.codec());
    }
    Credit.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Credit.codec(), opts);
    }
    Credit.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Credit.codec(), opts);
    }
    Credit.stream = stream;
})(Credit || (Credit = {}));
export var Close;
(function (Close) {
    let _codec;
    Close.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Close.codec());
    }
    Close.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Close.codec(), opts);
    }
    Close.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Close.codec(), opts);
    }
    Close.stream = stream;
})(Close || (Close = {}));
export var Failure;
(function (Failure) {
    let _codec;
    Failure.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.code != null && obj.code !== '')) {
                    w.uint32(26);
                    w.string(obj.code);
                }
                if ((obj.message != null && obj.message !== '')) {
                    w.uint32(34);
                    w.string(obj.message);
                }
                if ((obj.peer != null && obj.peer !== '')) {
                    w.uint32(42);
                    w.string(obj.peer);
                }
                if ((obj.retryAfterMs != null && obj.retryAfterMs !== 0)) {
                    w.uint32(48);
                    w.uint32(obj.retryAfterMs);
                }
                if ((obj.have != null && obj.have !== 0)) {
                    w.uint32(56);
                    w.uint32(obj.have);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    code: '',
                    message: '',
                    peer: '',
                    retryAfterMs: 0,
                    have: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.code = reader.string();
                            break;
                        }
                        case 4: {
                            obj.message = reader.string();
                            break;
                        }
                        case 5: {
                            obj.peer = reader.string();
                            break;
                        }
                        case 6: {
                            obj.retryAfterMs = reader.uint32();
                            break;
                        }
                        case 7: {
                            obj.have = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.code`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.message`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.peer`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.retryAfterMs`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 7: {
                            yield {
                                field: `${prefix}.have`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Failure.codec());
    }
    Failure.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Failure.codec(), opts);
    }
    Failure.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Failure.codec(), opts);
    }
    Failure.stream = stream;
})(Failure || (Failure = {}));
export var AnswerFrame;
(function (AnswerFrame) {
    let _codec;
    AnswerFrame.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.row != null) {
                    obj.rowRequest = undefined;
                    obj.answer = undefined;
                    obj.attach = undefined;
                }
                if (obj.rowRequest != null) {
                    obj.row = undefined;
                    obj.answer = undefined;
                    obj.attach = undefined;
                }
                if (obj.answer != null) {
                    obj.row = undefined;
                    obj.rowRequest = undefined;
                    obj.attach = undefined;
                }
                if (obj.attach != null) {
                    obj.row = undefined;
                    obj.rowRequest = undefined;
                    obj.answer = undefined;
                }
                if (obj.attach != null) {
                    w.uint32(10);
                    Attach.codec().encode(obj.attach, w);
                }
                if (obj.answer != null) {
                    w.uint32(18);
                    Answer.codec().encode(obj.answer, w);
                }
                if (obj.rowRequest != null) {
                    w.uint32(26);
                    RowRequest.codec().encode(obj.rowRequest, w);
                }
                if (obj.row != null) {
                    w.uint32(34);
                    Row.codec().encode(obj.row, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.attach = Attach.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.attach
                            });
                            break;
                        }
                        case 2: {
                            obj.answer = Answer.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.answer
                            });
                            break;
                        }
                        case 3: {
                            obj.rowRequest = RowRequest.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.rowRequest
                            });
                            break;
                        }
                        case 4: {
                            obj.row = Row.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.row
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.row != null) {
                    delete obj.rowRequest;
                    delete obj.answer;
                    delete obj.attach;
                }
                if (obj.rowRequest != null) {
                    delete obj.row;
                    delete obj.answer;
                    delete obj.attach;
                }
                if (obj.answer != null) {
                    delete obj.row;
                    delete obj.rowRequest;
                    delete obj.attach;
                }
                if (obj.attach != null) {
                    delete obj.row;
                    delete obj.rowRequest;
                    delete obj.answer;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Attach.codec().stream(reader, reader.uint32(), `${prefix}.attach`, {
                                limits: opts.limits?.attach
                            });
                            break;
                        }
                        case 2: {
                            yield* Answer.codec().stream(reader, reader.uint32(), `${prefix}.answer`, {
                                limits: opts.limits?.answer
                            });
                            break;
                        }
                        case 3: {
                            yield* RowRequest.codec().stream(reader, reader.uint32(), `${prefix}.rowRequest`, {
                                limits: opts.limits?.rowRequest
                            });
                            break;
                        }
                        case 4: {
                            yield* Row.codec().stream(reader, reader.uint32(), `${prefix}.row`, {
                                limits: opts.limits?.row
                            });
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
        return encodeMessage(obj, AnswerFrame.codec());
    }
    AnswerFrame.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, AnswerFrame.codec(), opts);
    }
    AnswerFrame.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, AnswerFrame.codec(), opts);
    }
    AnswerFrame.stream = stream;
})(AnswerFrame || (AnswerFrame = {}));
export var Attach;
(function (Attach) {
    let _codec;
    Attach.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Attach.codec());
    }
    Attach.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Attach.codec(), opts);
    }
    Attach.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Attach.codec(), opts);
    }
    Attach.stream = stream;
})(Attach || (Attach = {}));
export var DirectoryFrame;
(function (DirectoryFrame) {
    let _codec;
    DirectoryFrame.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.gone != null) {
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.watch != null) {
                    obj.gone = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.models != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.listModels != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.failure != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.found != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.announced != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.query != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.withdraw = undefined;
                    obj.announce = undefined;
                }
                if (obj.withdraw != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.announce = undefined;
                }
                if (obj.announce != null) {
                    obj.gone = undefined;
                    obj.watch = undefined;
                    obj.models = undefined;
                    obj.listModels = undefined;
                    obj.failure = undefined;
                    obj.found = undefined;
                    obj.announced = undefined;
                    obj.query = undefined;
                    obj.withdraw = undefined;
                }
                if (obj.announce != null) {
                    w.uint32(10);
                    Announce.codec().encode(obj.announce, w);
                }
                if (obj.withdraw != null) {
                    w.uint32(18);
                    Withdraw.codec().encode(obj.withdraw, w);
                }
                if (obj.query != null) {
                    w.uint32(26);
                    Query.codec().encode(obj.query, w);
                }
                if (obj.announced != null) {
                    w.uint32(34);
                    Announced.codec().encode(obj.announced, w);
                }
                if (obj.found != null) {
                    w.uint32(42);
                    Found.codec().encode(obj.found, w);
                }
                if (obj.failure != null) {
                    w.uint32(50);
                    Failure.codec().encode(obj.failure, w);
                }
                if (obj.listModels != null) {
                    w.uint32(58);
                    ListModels.codec().encode(obj.listModels, w);
                }
                if (obj.models != null) {
                    w.uint32(66);
                    Models.codec().encode(obj.models, w);
                }
                if (obj.watch != null) {
                    w.uint32(162);
                    Watch.codec().encode(obj.watch, w);
                }
                if (obj.gone != null) {
                    w.uint32(170);
                    Gone.codec().encode(obj.gone, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.announce = Announce.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.announce
                            });
                            break;
                        }
                        case 2: {
                            obj.withdraw = Withdraw.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.withdraw
                            });
                            break;
                        }
                        case 3: {
                            obj.query = Query.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.query
                            });
                            break;
                        }
                        case 4: {
                            obj.announced = Announced.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.announced
                            });
                            break;
                        }
                        case 5: {
                            obj.found = Found.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.found
                            });
                            break;
                        }
                        case 6: {
                            obj.failure = Failure.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.failure
                            });
                            break;
                        }
                        case 7: {
                            obj.listModels = ListModels.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.listModels
                            });
                            break;
                        }
                        case 8: {
                            obj.models = Models.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.models
                            });
                            break;
                        }
                        case 20: {
                            obj.watch = Watch.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.watch
                            });
                            break;
                        }
                        case 21: {
                            obj.gone = Gone.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.gone
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.gone != null) {
                    delete obj.watch;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.watch != null) {
                    delete obj.gone;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.models != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.listModels != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.models;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.failure != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.found != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.announced != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.query;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.query != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.withdraw;
                    delete obj.announce;
                }
                if (obj.withdraw != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.announce;
                }
                if (obj.announce != null) {
                    delete obj.gone;
                    delete obj.watch;
                    delete obj.models;
                    delete obj.listModels;
                    delete obj.failure;
                    delete obj.found;
                    delete obj.announced;
                    delete obj.query;
                    delete obj.withdraw;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Announce.codec().stream(reader, reader.uint32(), `${prefix}.announce`, {
                                limits: opts.limits?.announce
                            });
                            break;
                        }
                        case 2: {
                            yield* Withdraw.codec().stream(reader, reader.uint32(), `${prefix}.withdraw`, {
                                limits: opts.limits?.withdraw
                            });
                            break;
                        }
                        case 3: {
                            yield* Query.codec().stream(reader, reader.uint32(), `${prefix}.query`, {
                                limits: opts.limits?.query
                            });
                            break;
                        }
                        case 4: {
                            yield* Announced.codec().stream(reader, reader.uint32(), `${prefix}.announced`, {
                                limits: opts.limits?.announced
                            });
                            break;
                        }
                        case 5: {
                            yield* Found.codec().stream(reader, reader.uint32(), `${prefix}.found`, {
                                limits: opts.limits?.found
                            });
                            break;
                        }
                        case 6: {
                            yield* Failure.codec().stream(reader, reader.uint32(), `${prefix}.failure`, {
                                limits: opts.limits?.failure
                            });
                            break;
                        }
                        case 7: {
                            yield* ListModels.codec().stream(reader, reader.uint32(), `${prefix}.listModels`, {
                                limits: opts.limits?.listModels
                            });
                            break;
                        }
                        case 8: {
                            yield* Models.codec().stream(reader, reader.uint32(), `${prefix}.models`, {
                                limits: opts.limits?.models
                            });
                            break;
                        }
                        case 20: {
                            yield* Watch.codec().stream(reader, reader.uint32(), `${prefix}.watch`, {
                                limits: opts.limits?.watch
                            });
                            break;
                        }
                        case 21: {
                            yield* Gone.codec().stream(reader, reader.uint32(), `${prefix}.gone`, {
                                limits: opts.limits?.gone
                            });
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
        return encodeMessage(obj, DirectoryFrame.codec());
    }
    DirectoryFrame.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, DirectoryFrame.codec(), opts);
    }
    DirectoryFrame.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, DirectoryFrame.codec(), opts);
    }
    DirectoryFrame.stream = stream;
})(DirectoryFrame || (DirectoryFrame = {}));
export var Watch;
(function (Watch) {
    let _codec;
    Watch.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.peers != null && obj.peers.length > 0) {
                    for (const value of obj.peers) {
                        w.uint32(10);
                        w.string(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peers: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.peers != null && obj.peers.length === opts.limits.peers) {
                                throw new MaxLengthError('Decode error - repeated field "peers" had too many elements');
                            }
                            obj.peers.push(reader.string());
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
                    peers: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.peers != null && obj.peers === opts.limits.peers) {
                                throw new MaxLengthError('Streaming decode error - repeated field "peers" had too many elements');
                            }
                            yield {
                                field: `${prefix}.peers[]`,
                                index: obj.peers,
                                value: reader.string()
                            };
                            obj.peers++;
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
        return encodeMessage(obj, Watch.codec());
    }
    Watch.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Watch.codec(), opts);
    }
    Watch.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Watch.codec(), opts);
    }
    Watch.stream = stream;
})(Watch || (Watch = {}));
export var Gone;
(function (Gone) {
    let _codec;
    Gone.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.peer != null && obj.peer !== '')) {
                    w.uint32(10);
                    w.string(obj.peer);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peer: ''
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.peer = reader.string();
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
                                field: `${prefix}.peer`,
                                value: reader.string()
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
        return encodeMessage(obj, Gone.codec());
    }
    Gone.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Gone.codec(), opts);
    }
    Gone.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Gone.codec(), opts);
    }
    Gone.stream = stream;
})(Gone || (Gone = {}));
export var Announce;
(function (Announce) {
    let _codec;
    Announce.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.announcement != null && obj.announcement.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.announcement);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    announcement: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.announcement = reader.bytes();
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
                                field: `${prefix}.announcement`,
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
        return encodeMessage(obj, Announce.codec());
    }
    Announce.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Announce.codec(), opts);
    }
    Announce.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Announce.codec(), opts);
    }
    Announce.stream = stream;
})(Announce || (Announce = {}));
export var Announced;
(function (Announced) {
    let _codec;
    Announced.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.leaseMs != null && obj.leaseMs !== 0)) {
                    w.uint32(8);
                    w.uint32(obj.leaseMs);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    leaseMs: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.leaseMs = reader.uint32();
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
                                field: `${prefix}.leaseMs`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Announced.codec());
    }
    Announced.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Announced.codec(), opts);
    }
    Announced.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Announced.codec(), opts);
    }
    Announced.stream = stream;
})(Announced || (Announced = {}));
export var Withdraw;
(function (Withdraw) {
    let _codec;
    Withdraw.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.announcement != null && obj.announcement.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.announcement);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    announcement: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.announcement = reader.bytes();
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
                                field: `${prefix}.announcement`,
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
        return encodeMessage(obj, Withdraw.codec());
    }
    Withdraw.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Withdraw.codec(), opts);
    }
    Withdraw.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Withdraw.codec(), opts);
    }
    Withdraw.stream = stream;
})(Withdraw || (Withdraw = {}));
export var Query;
(function (Query) {
    let _codec;
    Query.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.model != null && obj.model.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.model);
                }
                if ((obj.perRegion != null && obj.perRegion !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.perRegion);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    model: uint8ArrayAlloc(0),
                    perRegion: 0
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
                            obj.perRegion = reader.uint32();
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
                                field: `${prefix}.perRegion`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Query.codec());
    }
    Query.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Query.codec(), opts);
    }
    Query.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Query.codec(), opts);
    }
    Query.stream = stream;
})(Query || (Query = {}));
export var Found;
(function (Found) {
    let _codec;
    Found.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.entries != null && obj.entries.length > 0) {
                    for (const value of obj.entries) {
                        w.uint32(10);
                        Entry.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    entries: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.entries != null && obj.entries.length === opts.limits.entries) {
                                throw new MaxLengthError('Decode error - repeated field "entries" had too many elements');
                            }
                            obj.entries.push(Entry.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.entries$
                            }));
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
                    entries: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.entries != null && obj.entries === opts.limits.entries) {
                                throw new MaxLengthError('Streaming decode error - repeated field "entries" had too many elements');
                            }
                            for (const evt of Entry.codec().stream(reader, reader.uint32(), `${prefix}.entries[]`, {
                                limits: opts.limits?.entries$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.entries
                                };
                            }
                            obj.entries++;
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
        return encodeMessage(obj, Found.codec());
    }
    Found.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Found.codec(), opts);
    }
    Found.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Found.codec(), opts);
    }
    Found.stream = stream;
})(Found || (Found = {}));
export var Entry;
(function (Entry) {
    let _codec;
    Entry.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.announcement != null && obj.announcement.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.announcement);
                }
                if ((obj.ageMs != null && obj.ageMs !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.ageMs);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    announcement: uint8ArrayAlloc(0),
                    ageMs: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.announcement = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.ageMs = reader.uint32();
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
                                field: `${prefix}.announcement`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.ageMs`,
                                value: reader.uint32()
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
        return encodeMessage(obj, Entry.codec());
    }
    Entry.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Entry.codec(), opts);
    }
    Entry.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Entry.codec(), opts);
    }
    Entry.stream = stream;
})(Entry || (Entry = {}));
export var ListModels;
(function (ListModels) {
    let _codec;
    ListModels.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
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
        return encodeMessage(obj, ListModels.codec());
    }
    ListModels.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ListModels.codec(), opts);
    }
    ListModels.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ListModels.codec(), opts);
    }
    ListModels.stream = stream;
})(ListModels || (ListModels = {}));
export var Models;
(function (Models) {
    let _codec;
    Models.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.models != null && obj.models.length > 0) {
                    for (const value of obj.models) {
                        w.uint32(10);
                        ModelEntry.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    models: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.models != null && obj.models.length === opts.limits.models) {
                                throw new MaxLengthError('Decode error - repeated field "models" had too many elements');
                            }
                            obj.models.push(ModelEntry.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.models$
                            }));
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
                    models: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.models != null && obj.models === opts.limits.models) {
                                throw new MaxLengthError('Streaming decode error - repeated field "models" had too many elements');
                            }
                            for (const evt of ModelEntry.codec().stream(reader, reader.uint32(), `${prefix}.models[]`, {
                                limits: opts.limits?.models$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.models
                                };
                            }
                            obj.models++;
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
        return encodeMessage(obj, Models.codec());
    }
    Models.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Models.codec(), opts);
    }
    Models.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Models.codec(), opts);
    }
    Models.stream = stream;
})(Models || (Models = {}));
export var ModelEntry;
(function (ModelEntry) {
    let _codec;
    ModelEntry.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.model != null && obj.model.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.model);
                }
                if ((obj.name != null && obj.name !== '')) {
                    w.uint32(18);
                    w.string(obj.name);
                }
                if ((obj.layers != null && obj.layers !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.layers);
                }
                if (obj.sources != null && obj.sources.length > 0) {
                    for (const value of obj.sources) {
                        w.uint32(34);
                        w.string(value);
                    }
                }
                if (obj.manifests != null && obj.manifests.length > 0) {
                    for (const value of obj.manifests) {
                        w.uint32(42);
                        w.string(value);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    model: uint8ArrayAlloc(0),
                    name: '',
                    layers: 0,
                    sources: [],
                    manifests: []
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
                            obj.name = reader.string();
                            break;
                        }
                        case 3: {
                            obj.layers = reader.uint32();
                            break;
                        }
                        case 4: {
                            if (opts.limits?.sources != null && obj.sources.length === opts.limits.sources) {
                                throw new MaxLengthError('Decode error - repeated field "sources" had too many elements');
                            }
                            obj.sources.push(reader.string());
                            break;
                        }
                        case 5: {
                            if (opts.limits?.manifests != null && obj.manifests.length === opts.limits.manifests) {
                                throw new MaxLengthError('Decode error - repeated field "manifests" had too many elements');
                            }
                            obj.manifests.push(reader.string());
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
                    sources: 0,
                    manifests: 0
                };
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
                                field: `${prefix}.name`,
                                value: reader.string()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.layers`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            if (opts.limits?.sources != null && obj.sources === opts.limits.sources) {
                                throw new MaxLengthError('Streaming decode error - repeated field "sources" had too many elements');
                            }
                            yield {
                                field: `${prefix}.sources[]`,
                                index: obj.sources,
                                value: reader.string()
                            };
                            obj.sources++;
                            break;
                        }
                        case 5: {
                            if (opts.limits?.manifests != null && obj.manifests === opts.limits.manifests) {
                                throw new MaxLengthError('Streaming decode error - repeated field "manifests" had too many elements');
                            }
                            yield {
                                field: `${prefix}.manifests[]`,
                                index: obj.manifests,
                                value: reader.string()
                            };
                            obj.manifests++;
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
        return encodeMessage(obj, ModelEntry.codec());
    }
    ModelEntry.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, ModelEntry.codec(), opts);
    }
    ModelEntry.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, ModelEntry.codec(), opts);
    }
    ModelEntry.stream = stream;
})(ModelEntry || (ModelEntry = {}));
export var GossipFrame;
(function (GossipFrame) {
    let _codec;
    GossipFrame.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.directoryNode != null) {
                    obj.renewals = undefined;
                    obj.announce = undefined;
                }
                if (obj.renewals != null) {
                    obj.directoryNode = undefined;
                    obj.announce = undefined;
                }
                if (obj.announce != null) {
                    obj.directoryNode = undefined;
                    obj.renewals = undefined;
                }
                if (obj.announce != null) {
                    w.uint32(10);
                    Announce.codec().encode(obj.announce, w);
                }
                if (obj.renewals != null) {
                    w.uint32(18);
                    Renewals.codec().encode(obj.renewals, w);
                }
                if (obj.directoryNode != null) {
                    w.uint32(26);
                    DirectoryNode.codec().encode(obj.directoryNode, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.announce = Announce.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.announce
                            });
                            break;
                        }
                        case 2: {
                            obj.renewals = Renewals.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.renewals
                            });
                            break;
                        }
                        case 3: {
                            obj.directoryNode = DirectoryNode.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.directoryNode
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.directoryNode != null) {
                    delete obj.renewals;
                    delete obj.announce;
                }
                if (obj.renewals != null) {
                    delete obj.directoryNode;
                    delete obj.announce;
                }
                if (obj.announce != null) {
                    delete obj.directoryNode;
                    delete obj.renewals;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Announce.codec().stream(reader, reader.uint32(), `${prefix}.announce`, {
                                limits: opts.limits?.announce
                            });
                            break;
                        }
                        case 2: {
                            yield* Renewals.codec().stream(reader, reader.uint32(), `${prefix}.renewals`, {
                                limits: opts.limits?.renewals
                            });
                            break;
                        }
                        case 3: {
                            yield* DirectoryNode.codec().stream(reader, reader.uint32(), `${prefix}.directoryNode`, {
                                limits: opts.limits?.directoryNode
                            });
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
        return encodeMessage(obj, GossipFrame.codec());
    }
    GossipFrame.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, GossipFrame.codec(), opts);
    }
    GossipFrame.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, GossipFrame.codec(), opts);
    }
    GossipFrame.stream = stream;
})(GossipFrame || (GossipFrame = {}));
export var Renewals;
(function (Renewals) {
    let _codec;
    Renewals.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.renewals != null && obj.renewals.length > 0) {
                    for (const value of obj.renewals) {
                        w.uint32(10);
                        Renewal.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    renewals: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.renewals != null && obj.renewals.length === opts.limits.renewals) {
                                throw new MaxLengthError('Decode error - repeated field "renewals" had too many elements');
                            }
                            obj.renewals.push(Renewal.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.renewals$
                            }));
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
                    renewals: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.renewals != null && obj.renewals === opts.limits.renewals) {
                                throw new MaxLengthError('Streaming decode error - repeated field "renewals" had too many elements');
                            }
                            for (const evt of Renewal.codec().stream(reader, reader.uint32(), `${prefix}.renewals[]`, {
                                limits: opts.limits?.renewals$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.renewals
                                };
                            }
                            obj.renewals++;
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
        return encodeMessage(obj, Renewals.codec());
    }
    Renewals.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Renewals.codec(), opts);
    }
    Renewals.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Renewals.codec(), opts);
    }
    Renewals.stream = stream;
})(Renewals || (Renewals = {}));
export var Renewal;
(function (Renewal) {
    let _codec;
    Renewal.codec = () => {
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
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    peer: '',
                    sequence: 0n
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
        return encodeMessage(obj, Renewal.codec());
    }
    Renewal.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, Renewal.codec(), opts);
    }
    Renewal.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, Renewal.codec(), opts);
    }
    Renewal.stream = stream;
})(Renewal || (Renewal = {}));
export var DirectoryNode;
(function (DirectoryNode) {
    let _codec;
    DirectoryNode.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if (obj.addresses != null && obj.addresses.length > 0) {
                    for (const value of obj.addresses) {
                        w.uint32(10);
                        w.string(value);
                    }
                }
                if (obj.models != null && obj.models.length > 0) {
                    for (const value of obj.models) {
                        w.uint32(18);
                        ModelEntry.codec().encode(value, w);
                    }
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    addresses: [],
                    models: []
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements');
                            }
                            obj.addresses.push(reader.string());
                            break;
                        }
                        case 2: {
                            if (opts.limits?.models != null && obj.models.length === opts.limits.models) {
                                throw new MaxLengthError('Decode error - repeated field "models" had too many elements');
                            }
                            obj.models.push(ModelEntry.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.models$
                            }));
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
                    models: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
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
                        case 2: {
                            if (opts.limits?.models != null && obj.models === opts.limits.models) {
                                throw new MaxLengthError('Streaming decode error - repeated field "models" had too many elements');
                            }
                            for (const evt of ModelEntry.codec().stream(reader, reader.uint32(), `${prefix}.models[]`, {
                                limits: opts.limits?.models$
                            })) {
                                yield {
                                    ...evt,
                                    index: obj.models
                                };
                            }
                            obj.models++;
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
        return encodeMessage(obj, DirectoryNode.codec());
    }
    DirectoryNode.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, DirectoryNode.codec(), opts);
    }
    DirectoryNode.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, DirectoryNode.codec(), opts);
    }
    DirectoryNode.stream = stream;
})(DirectoryNode || (DirectoryNode = {}));
export var StandbyFrame;
(function (StandbyFrame) {
    let _codec;
    StandbyFrame.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                obj = { ...obj };
                if (obj.failure != null) {
                    obj.held = undefined;
                    obj.close = undefined;
                    obj.beat = undefined;
                    obj.part = undefined;
                    obj.open = undefined;
                }
                if (obj.held != null) {
                    obj.failure = undefined;
                    obj.close = undefined;
                    obj.beat = undefined;
                    obj.part = undefined;
                    obj.open = undefined;
                }
                if (obj.close != null) {
                    obj.failure = undefined;
                    obj.held = undefined;
                    obj.beat = undefined;
                    obj.part = undefined;
                    obj.open = undefined;
                }
                if (obj.beat != null) {
                    obj.failure = undefined;
                    obj.held = undefined;
                    obj.close = undefined;
                    obj.part = undefined;
                    obj.open = undefined;
                }
                if (obj.part != null) {
                    obj.failure = undefined;
                    obj.held = undefined;
                    obj.close = undefined;
                    obj.beat = undefined;
                    obj.open = undefined;
                }
                if (obj.open != null) {
                    obj.failure = undefined;
                    obj.held = undefined;
                    obj.close = undefined;
                    obj.beat = undefined;
                    obj.part = undefined;
                }
                if (obj.open != null) {
                    w.uint32(10);
                    Open.codec().encode(obj.open, w);
                }
                if (obj.part != null) {
                    w.uint32(18);
                    KvPart.codec().encode(obj.part, w);
                }
                if (obj.beat != null) {
                    w.uint32(26);
                    Beat.codec().encode(obj.beat, w);
                }
                if (obj.close != null) {
                    w.uint32(34);
                    Close.codec().encode(obj.close, w);
                }
                if (obj.held != null) {
                    w.uint32(42);
                    KvHeld.codec().encode(obj.held, w);
                }
                if (obj.failure != null) {
                    w.uint32(50);
                    Failure.codec().encode(obj.failure, w);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {};
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.open = Open.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.open
                            });
                            break;
                        }
                        case 2: {
                            obj.part = KvPart.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.part
                            });
                            break;
                        }
                        case 3: {
                            obj.beat = Beat.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.beat
                            });
                            break;
                        }
                        case 4: {
                            obj.close = Close.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.close
                            });
                            break;
                        }
                        case 5: {
                            obj.held = KvHeld.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.held
                            });
                            break;
                        }
                        case 6: {
                            obj.failure = Failure.codec().decode(reader, reader.uint32(), {
                                limits: opts.limits?.failure
                            });
                            break;
                        }
                        default: {
                            reader.skipType(tag & 7);
                            break;
                        }
                    }
                }
                if (obj.failure != null) {
                    delete obj.held;
                    delete obj.close;
                    delete obj.beat;
                    delete obj.part;
                    delete obj.open;
                }
                if (obj.held != null) {
                    delete obj.failure;
                    delete obj.close;
                    delete obj.beat;
                    delete obj.part;
                    delete obj.open;
                }
                if (obj.close != null) {
                    delete obj.failure;
                    delete obj.held;
                    delete obj.beat;
                    delete obj.part;
                    delete obj.open;
                }
                if (obj.beat != null) {
                    delete obj.failure;
                    delete obj.held;
                    delete obj.close;
                    delete obj.part;
                    delete obj.open;
                }
                if (obj.part != null) {
                    delete obj.failure;
                    delete obj.held;
                    delete obj.close;
                    delete obj.beat;
                    delete obj.open;
                }
                if (obj.open != null) {
                    delete obj.failure;
                    delete obj.held;
                    delete obj.close;
                    delete obj.beat;
                    delete obj.part;
                }
                return obj;
            }, function* (reader, length, prefix, opts = {}) {
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            yield* Open.codec().stream(reader, reader.uint32(), `${prefix}.open`, {
                                limits: opts.limits?.open
                            });
                            break;
                        }
                        case 2: {
                            yield* KvPart.codec().stream(reader, reader.uint32(), `${prefix}.part`, {
                                limits: opts.limits?.part
                            });
                            break;
                        }
                        case 3: {
                            yield* Beat.codec().stream(reader, reader.uint32(), `${prefix}.beat`, {
                                limits: opts.limits?.beat
                            });
                            break;
                        }
                        case 4: {
                            yield* Close.codec().stream(reader, reader.uint32(), `${prefix}.close`, {
                                limits: opts.limits?.close
                            });
                            break;
                        }
                        case 5: {
                            yield* KvHeld.codec().stream(reader, reader.uint32(), `${prefix}.held`, {
                                limits: opts.limits?.held
                            });
                            break;
                        }
                        case 6: {
                            yield* Failure.codec().stream(reader, reader.uint32(), `${prefix}.failure`, {
                                limits: opts.limits?.failure
                            });
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
        return encodeMessage(obj, StandbyFrame.codec());
    }
    StandbyFrame.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, StandbyFrame.codec(), opts);
    }
    StandbyFrame.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, StandbyFrame.codec(), opts);
    }
    StandbyFrame.stream = stream;
})(StandbyFrame || (StandbyFrame = {}));
export var KvPart;
(function (KvPart) {
    let _codec;
    KvPart.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if ((obj.position != null && obj.position !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.position);
                }
                if ((obj.count != null && obj.count !== 0)) {
                    w.uint32(40);
                    w.uint32(obj.count);
                }
                if ((obj.data != null && obj.data.byteLength > 0)) {
                    w.uint32(50);
                    w.bytes(obj.data);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0,
                    position: 0,
                    count: 0,
                    data: uint8ArrayAlloc(0)
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.position = reader.uint32();
                            break;
                        }
                        case 5: {
                            obj.count = reader.uint32();
                            break;
                        }
                        case 6: {
                            obj.data = reader.bytes();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.position`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 5: {
                            yield {
                                field: `${prefix}.count`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 6: {
                            yield {
                                field: `${prefix}.data`,
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
        return encodeMessage(obj, KvPart.codec());
    }
    KvPart.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, KvPart.codec(), opts);
    }
    KvPart.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, KvPart.codec(), opts);
    }
    KvPart.stream = stream;
})(KvPart || (KvPart = {}));
export var KvHeld;
(function (KvHeld) {
    let _codec;
    KvHeld.codec = () => {
        if (_codec == null) {
            _codec = message((obj, w, opts = {}) => {
                if (opts.lengthDelimited !== false) {
                    w.fork();
                }
                if ((obj.session != null && obj.session.byteLength > 0)) {
                    w.uint32(10);
                    w.bytes(obj.session);
                }
                if ((obj.epoch != null && obj.epoch !== 0)) {
                    w.uint32(16);
                    w.uint32(obj.epoch);
                }
                if ((obj.number != null && obj.number !== 0)) {
                    w.uint32(24);
                    w.uint32(obj.number);
                }
                if ((obj.position != null && obj.position !== 0)) {
                    w.uint32(32);
                    w.uint32(obj.position);
                }
                if (opts.lengthDelimited !== false) {
                    w.ldelim();
                }
            }, (reader, length, opts = {}) => {
                const obj = {
                    session: uint8ArrayAlloc(0),
                    epoch: 0,
                    number: 0,
                    position: 0
                };
                const end = length == null ? reader.len : reader.pos + length;
                while (reader.pos < end) {
                    const tag = reader.uint32();
                    switch (tag >>> 3) {
                        case 1: {
                            obj.session = reader.bytes();
                            break;
                        }
                        case 2: {
                            obj.epoch = reader.uint32();
                            break;
                        }
                        case 3: {
                            obj.number = reader.uint32();
                            break;
                        }
                        case 4: {
                            obj.position = reader.uint32();
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
                                field: `${prefix}.session`,
                                value: reader.bytes()
                            };
                            break;
                        }
                        case 2: {
                            yield {
                                field: `${prefix}.epoch`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 3: {
                            yield {
                                field: `${prefix}.number`,
                                value: reader.uint32()
                            };
                            break;
                        }
                        case 4: {
                            yield {
                                field: `${prefix}.position`,
                                value: reader.uint32()
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
        return encodeMessage(obj, KvHeld.codec());
    }
    KvHeld.encode = encode;
    function decode(buf, opts) {
        return decodeMessage(buf, KvHeld.codec(), opts);
    }
    KvHeld.decode = decode;
    function stream(buf, opts) {
        return streamMessage(buf, KvHeld.codec(), opts);
    }
    KvHeld.stream = stream;
})(KvHeld || (KvHeld = {}));
