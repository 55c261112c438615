// Generated from frames.proto by `npm run protos`. Do not edit.
import type { Codec, DecodeOptions } from 'protons-runtime';
import type { Uint8ArrayList } from 'uint8arraylist';
export interface ChainFrame {
    open?: Open;
    step?: Step;
    beat?: Beat;
    rowRequest?: RowRequest;
    close?: Close;
    opened?: Opened;
    answer?: Answer;
    row?: Row;
    credit?: Credit;
    failure?: Failure;
    probe?: Probe;
    probeReply?: ProbeReply;
}
export declare namespace ChainFrame {
    const codec: () => Codec<ChainFrame>;
    interface ChainFrameOpenPlanFieldEvent {
        field: '$.open.plan';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameOpenPublicKeyFieldEvent {
        field: '$.open.publicKey';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameOpenSignatureFieldEvent {
        field: '$.open.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameStepSessionFieldEvent {
        field: '$.step.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameStepEpochFieldEvent {
        field: '$.step.epoch';
        value: number;
    }
    interface ChainFrameStepNumberFieldEvent {
        field: '$.step.number';
        value: number;
    }
    interface ChainFrameStepPositionFieldEvent {
        field: '$.step.position';
        value: number;
    }
    interface ChainFrameStepCountFieldEvent {
        field: '$.step.count';
        value: number;
    }
    interface ChainFrameStepTokensIdsFieldEvent {
        field: '$.step.tokens.ids[]';
        index: number;
        value: number;
    }
    interface ChainFrameStepHiddenDtypeFieldEvent {
        field: '$.step.hidden.dtype';
        value: Dtype;
    }
    interface ChainFrameStepHiddenDataFieldEvent {
        field: '$.step.hidden.data';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameStepHeadRowsFieldEvent {
        field: '$.step.head.rows';
        value: number;
    }
    interface ChainFrameStepHeadTopKFieldEvent {
        field: '$.step.head.topK';
        value: number;
    }
    interface ChainFrameStepHeadTemperatureFieldEvent {
        field: '$.step.head.temperature';
        value: number;
    }
    interface ChainFrameStepHeadExtraIdsFieldEvent {
        field: '$.step.head.extraIds[]';
        index: number;
        value: number;
    }
    interface ChainFrameStepTimingsQueueUsFieldEvent {
        field: '$.step.timings[].queueUs';
        value: number;
        index: number;
    }
    interface ChainFrameStepTimingsComputeUsFieldEvent {
        field: '$.step.timings[].computeUs';
        value: number;
        index: number;
    }
    interface ChainFrameStepPartsFieldEvent {
        field: '$.step.parts[]';
        index: number;
        value: number;
    }
    interface ChainFrameStepPromptLeftFieldEvent {
        field: '$.step.promptLeft';
        value: number;
    }
    interface ChainFrameBeatSessionFieldEvent {
        field: '$.beat.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameBeatEpochFieldEvent {
        field: '$.beat.epoch';
        value: number;
    }
    interface ChainFrameRowRequestSessionFieldEvent {
        field: '$.rowRequest.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameRowRequestEpochFieldEvent {
        field: '$.rowRequest.epoch';
        value: number;
    }
    interface ChainFrameRowRequestNumberFieldEvent {
        field: '$.rowRequest.number';
        value: number;
    }
    interface ChainFrameRowRequestRowFieldEvent {
        field: '$.rowRequest.row';
        value: number;
    }
    interface ChainFrameCloseSessionFieldEvent {
        field: '$.close.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameCloseEpochFieldEvent {
        field: '$.close.epoch';
        value: number;
    }
    interface ChainFrameOpenedSessionFieldEvent {
        field: '$.opened.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameOpenedEpochFieldEvent {
        field: '$.opened.epoch';
        value: number;
    }
    interface ChainFrameOpenedHopsKvLengthFieldEvent {
        field: '$.opened.hops[].kvLength';
        value: number;
        index: number;
    }
    interface ChainFrameOpenedHopsLogFirstFieldEvent {
        field: '$.opened.hops[].logFirst';
        value: number;
        index: number;
    }
    interface ChainFrameOpenedHopsLogEndFieldEvent {
        field: '$.opened.hops[].logEnd';
        value: number;
        index: number;
    }
    interface ChainFrameAnswerSessionFieldEvent {
        field: '$.answer.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameAnswerEpochFieldEvent {
        field: '$.answer.epoch';
        value: number;
    }
    interface ChainFrameAnswerNumberFieldEvent {
        field: '$.answer.number';
        value: number;
    }
    interface ChainFrameAnswerPositionFieldEvent {
        field: '$.answer.position';
        value: number;
    }
    interface ChainFrameAnswerCountFieldEvent {
        field: '$.answer.count';
        value: number;
    }
    interface ChainFrameAnswerRowsIdsFieldEvent {
        field: '$.answer.rows[].ids[]';
        index: number;
        value: number;
    }
    interface ChainFrameAnswerRowsLogitsFieldEvent {
        field: '$.answer.rows[].logits[]';
        index: number;
        value: number;
    }
    interface ChainFrameAnswerRowsExtraLogitsFieldEvent {
        field: '$.answer.rows[].extraLogits[]';
        index: number;
        value: number;
    }
    interface ChainFrameAnswerRowsLogSumExpFieldEvent {
        field: '$.answer.rows[].logSumExp';
        value: number;
        index: number;
    }
    interface ChainFrameAnswerRowsLogSumExpAtTemperatureFieldEvent {
        field: '$.answer.rows[].logSumExpAtTemperature';
        value: number;
        index: number;
    }
    interface ChainFrameAnswerTimingsQueueUsFieldEvent {
        field: '$.answer.timings[].queueUs';
        value: number;
        index: number;
    }
    interface ChainFrameAnswerTimingsComputeUsFieldEvent {
        field: '$.answer.timings[].computeUs';
        value: number;
        index: number;
    }
    interface ChainFrameRowSessionFieldEvent {
        field: '$.row.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameRowEpochFieldEvent {
        field: '$.row.epoch';
        value: number;
    }
    interface ChainFrameRowNumberFieldEvent {
        field: '$.row.number';
        value: number;
    }
    interface ChainFrameRowRowFieldEvent {
        field: '$.row.row';
        value: number;
    }
    interface ChainFrameRowLogitsFieldEvent {
        field: '$.row.logits';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameCreditSessionFieldEvent {
        field: '$.credit.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameCreditEpochFieldEvent {
        field: '$.credit.epoch';
        value: number;
    }
    interface ChainFrameCreditNumberFieldEvent {
        field: '$.credit.number';
        value: number;
    }
    interface ChainFrameFailureSessionFieldEvent {
        field: '$.failure.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameFailureEpochFieldEvent {
        field: '$.failure.epoch';
        value: number;
    }
    interface ChainFrameFailureCodeFieldEvent {
        field: '$.failure.code';
        value: string;
    }
    interface ChainFrameFailureMessageFieldEvent {
        field: '$.failure.message';
        value: string;
    }
    interface ChainFrameFailurePeerFieldEvent {
        field: '$.failure.peer';
        value: string;
    }
    interface ChainFrameFailureRetryAfterMsFieldEvent {
        field: '$.failure.retryAfterMs';
        value: number;
    }
    interface ChainFrameFailureHaveFieldEvent {
        field: '$.failure.have';
        value: number;
    }
    interface ChainFrameProbeSessionFieldEvent {
        field: '$.probe.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameProbeEpochFieldEvent {
        field: '$.probe.epoch';
        value: number;
    }
    interface ChainFrameProbeNumberFieldEvent {
        field: '$.probe.number';
        value: number;
    }
    interface ChainFrameProbeReplySessionFieldEvent {
        field: '$.probeReply.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ChainFrameProbeReplyEpochFieldEvent {
        field: '$.probeReply.epoch';
        value: number;
    }
    interface ChainFrameProbeReplyNumberFieldEvent {
        field: '$.probeReply.number';
        value: number;
    }
    interface ChainFrameProbeReplyHopFieldEvent {
        field: '$.probeReply.hop';
        value: number;
    }
    interface ChainFrameProbeReplyReceivedFieldEvent {
        field: '$.probeReply.received';
        value: number;
    }
    interface ChainFrameProbeReplyExecutedFieldEvent {
        field: '$.probeReply.executed';
        value: number;
    }
    interface ChainFrameProbeReplyRunMsFieldEvent {
        field: '$.probeReply.runMs';
        value: number;
    }
    interface ChainFrameProbeReplyRunTokensFieldEvent {
        field: '$.probeReply.runTokens';
        value: number;
    }
    interface ChainFrameProbeReplyPassedOnFieldEvent {
        field: '$.probeReply.passedOn';
        value: boolean;
    }
    interface ChainFrameProbeReplyDialMsFieldEvent {
        field: '$.probeReply.dialMs';
        value: number;
    }
    function encode(obj: Partial<ChainFrame>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ChainFrame>): ChainFrame;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ChainFrame>): Generator<ChainFrameOpenPlanFieldEvent | ChainFrameOpenPublicKeyFieldEvent | ChainFrameOpenSignatureFieldEvent | ChainFrameStepSessionFieldEvent | ChainFrameStepEpochFieldEvent | ChainFrameStepNumberFieldEvent | ChainFrameStepPositionFieldEvent | ChainFrameStepCountFieldEvent | ChainFrameStepTokensIdsFieldEvent | ChainFrameStepHiddenDtypeFieldEvent | ChainFrameStepHiddenDataFieldEvent | ChainFrameStepHeadRowsFieldEvent | ChainFrameStepHeadTopKFieldEvent | ChainFrameStepHeadTemperatureFieldEvent | ChainFrameStepHeadExtraIdsFieldEvent | ChainFrameStepTimingsQueueUsFieldEvent | ChainFrameStepTimingsComputeUsFieldEvent | ChainFrameStepPartsFieldEvent | ChainFrameStepPromptLeftFieldEvent | ChainFrameBeatSessionFieldEvent | ChainFrameBeatEpochFieldEvent | ChainFrameRowRequestSessionFieldEvent | ChainFrameRowRequestEpochFieldEvent | ChainFrameRowRequestNumberFieldEvent | ChainFrameRowRequestRowFieldEvent | ChainFrameCloseSessionFieldEvent | ChainFrameCloseEpochFieldEvent | ChainFrameOpenedSessionFieldEvent | ChainFrameOpenedEpochFieldEvent | ChainFrameOpenedHopsKvLengthFieldEvent | ChainFrameOpenedHopsLogFirstFieldEvent | ChainFrameOpenedHopsLogEndFieldEvent | ChainFrameAnswerSessionFieldEvent | ChainFrameAnswerEpochFieldEvent | ChainFrameAnswerNumberFieldEvent | ChainFrameAnswerPositionFieldEvent | ChainFrameAnswerCountFieldEvent | ChainFrameAnswerRowsIdsFieldEvent | ChainFrameAnswerRowsLogitsFieldEvent | ChainFrameAnswerRowsExtraLogitsFieldEvent | ChainFrameAnswerRowsLogSumExpFieldEvent | ChainFrameAnswerRowsLogSumExpAtTemperatureFieldEvent | ChainFrameAnswerTimingsQueueUsFieldEvent | ChainFrameAnswerTimingsComputeUsFieldEvent | ChainFrameRowSessionFieldEvent | ChainFrameRowEpochFieldEvent | ChainFrameRowNumberFieldEvent | ChainFrameRowRowFieldEvent | ChainFrameRowLogitsFieldEvent | ChainFrameCreditSessionFieldEvent | ChainFrameCreditEpochFieldEvent | ChainFrameCreditNumberFieldEvent | ChainFrameFailureSessionFieldEvent | ChainFrameFailureEpochFieldEvent | ChainFrameFailureCodeFieldEvent | ChainFrameFailureMessageFieldEvent | ChainFrameFailurePeerFieldEvent | ChainFrameFailureRetryAfterMsFieldEvent | ChainFrameFailureHaveFieldEvent | ChainFrameProbeSessionFieldEvent | ChainFrameProbeEpochFieldEvent | ChainFrameProbeNumberFieldEvent | ChainFrameProbeReplySessionFieldEvent | ChainFrameProbeReplyEpochFieldEvent | ChainFrameProbeReplyNumberFieldEvent | ChainFrameProbeReplyHopFieldEvent | ChainFrameProbeReplyReceivedFieldEvent | ChainFrameProbeReplyExecutedFieldEvent | ChainFrameProbeReplyRunMsFieldEvent | ChainFrameProbeReplyRunTokensFieldEvent | ChainFrameProbeReplyPassedOnFieldEvent | ChainFrameProbeReplyDialMsFieldEvent>;
}
export interface Open {
    plan: Uint8Array<ArrayBuffer>;
    publicKey: Uint8Array<ArrayBuffer>;
    signature: Uint8Array<ArrayBuffer>;
}
export declare namespace Open {
    const codec: () => Codec<Open>;
    interface OpenPlanFieldEvent {
        field: '$.plan';
        value: Uint8Array<ArrayBuffer>;
    }
    interface OpenPublicKeyFieldEvent {
        field: '$.publicKey';
        value: Uint8Array<ArrayBuffer>;
    }
    interface OpenSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Open>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Open>): Open;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Open>): Generator<OpenPlanFieldEvent | OpenPublicKeyFieldEvent | OpenSignatureFieldEvent>;
}
export interface OpenPlan {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    driver: string;
    model: Uint8Array<ArrayBuffer>;
    hops: HopPlan[];
    reserveTokens: number;
    committed: number;
    leaseMs: number;
    waitMs: number;
    encoding: Encoding;
    window: number;
    driverAddresses: string[];
    issuedAt: bigint;
    background: boolean;
}
export declare namespace OpenPlan {
    const codec: () => Codec<OpenPlan>;
    interface OpenPlanSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface OpenPlanEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface OpenPlanDriverFieldEvent {
        field: '$.driver';
        value: string;
    }
    interface OpenPlanModelFieldEvent {
        field: '$.model';
        value: Uint8Array<ArrayBuffer>;
    }
    interface OpenPlanHopsPeerFieldEvent {
        field: '$.hops[].peer';
        value: string;
        index: number;
    }
    interface OpenPlanHopsFirstLayerFieldEvent {
        field: '$.hops[].firstLayer';
        value: number;
        index: number;
    }
    interface OpenPlanHopsEndLayerFieldEvent {
        field: '$.hops[].endLayer';
        value: number;
        index: number;
    }
    interface OpenPlanHopsAddressesFieldEvent {
        field: '$.hops[].addresses[]';
        index: number;
        value: string;
    }
    interface OpenPlanHopsNumericsFieldEvent {
        field: '$.hops[].numerics';
        value: string;
        index: number;
    }
    interface OpenPlanHopsStandbyPeerFieldEvent {
        field: '$.hops[].standby.peer';
        value: string;
        index: number;
    }
    interface OpenPlanHopsStandbyAddressesFieldEvent {
        field: '$.hops[].standby.addresses[]';
        index: number;
        value: string;
    }
    interface OpenPlanReserveTokensFieldEvent {
        field: '$.reserveTokens';
        value: number;
    }
    interface OpenPlanCommittedFieldEvent {
        field: '$.committed';
        value: number;
    }
    interface OpenPlanLeaseMsFieldEvent {
        field: '$.leaseMs';
        value: number;
    }
    interface OpenPlanWaitMsFieldEvent {
        field: '$.waitMs';
        value: number;
    }
    interface OpenPlanEncodingFieldEvent {
        field: '$.encoding';
        value: Encoding;
    }
    interface OpenPlanWindowFieldEvent {
        field: '$.window';
        value: number;
    }
    interface OpenPlanDriverAddressesFieldEvent {
        field: '$.driverAddresses[]';
        index: number;
        value: string;
    }
    interface OpenPlanIssuedAtFieldEvent {
        field: '$.issuedAt';
        value: bigint;
    }
    interface OpenPlanBackgroundFieldEvent {
        field: '$.background';
        value: boolean;
    }
    function encode(obj: Partial<OpenPlan>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OpenPlan>): OpenPlan;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<OpenPlan>): Generator<OpenPlanSessionFieldEvent | OpenPlanEpochFieldEvent | OpenPlanDriverFieldEvent | OpenPlanModelFieldEvent | OpenPlanHopsPeerFieldEvent | OpenPlanHopsFirstLayerFieldEvent | OpenPlanHopsEndLayerFieldEvent | OpenPlanHopsAddressesFieldEvent | OpenPlanHopsNumericsFieldEvent | OpenPlanHopsStandbyPeerFieldEvent | OpenPlanHopsStandbyAddressesFieldEvent | OpenPlanReserveTokensFieldEvent | OpenPlanCommittedFieldEvent | OpenPlanLeaseMsFieldEvent | OpenPlanWaitMsFieldEvent | OpenPlanEncodingFieldEvent | OpenPlanWindowFieldEvent | OpenPlanDriverAddressesFieldEvent | OpenPlanIssuedAtFieldEvent | OpenPlanBackgroundFieldEvent>;
}
export interface HopPlan {
    peer: string;
    firstLayer: number;
    endLayer: number;
    addresses: string[];
    numerics: string;
    standby?: StandbyPeer;
}
export declare namespace HopPlan {
    const codec: () => Codec<HopPlan>;
    interface HopPlanPeerFieldEvent {
        field: '$.peer';
        value: string;
    }
    interface HopPlanFirstLayerFieldEvent {
        field: '$.firstLayer';
        value: number;
    }
    interface HopPlanEndLayerFieldEvent {
        field: '$.endLayer';
        value: number;
    }
    interface HopPlanAddressesFieldEvent {
        field: '$.addresses[]';
        index: number;
        value: string;
    }
    interface HopPlanNumericsFieldEvent {
        field: '$.numerics';
        value: string;
    }
    interface HopPlanStandbyPeerFieldEvent {
        field: '$.standby.peer';
        value: string;
    }
    interface HopPlanStandbyAddressesFieldEvent {
        field: '$.standby.addresses[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<HopPlan>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HopPlan>): HopPlan;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HopPlan>): Generator<HopPlanPeerFieldEvent | HopPlanFirstLayerFieldEvent | HopPlanEndLayerFieldEvent | HopPlanAddressesFieldEvent | HopPlanNumericsFieldEvent | HopPlanStandbyPeerFieldEvent | HopPlanStandbyAddressesFieldEvent>;
}
export interface StandbyPeer {
    peer: string;
    addresses: string[];
}
export declare namespace StandbyPeer {
    const codec: () => Codec<StandbyPeer>;
    interface StandbyPeerPeerFieldEvent {
        field: '$.peer';
        value: string;
    }
    interface StandbyPeerAddressesFieldEvent {
        field: '$.addresses[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<StandbyPeer>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StandbyPeer>): StandbyPeer;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StandbyPeer>): Generator<StandbyPeerPeerFieldEvent | StandbyPeerAddressesFieldEvent>;
}
export declare enum Encoding {
    AUTO = "AUTO",
    F32 = "F32",
    INT8 = "INT8"
}
export declare namespace Encoding {
    const codec: () => Codec<Encoding>;
}
export interface Opened {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    hops: HopState[];
}
export declare namespace Opened {
    const codec: () => Codec<Opened>;
    interface OpenedSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface OpenedEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface OpenedHopsKvLengthFieldEvent {
        field: '$.hops[].kvLength';
        value: number;
        index: number;
    }
    interface OpenedHopsLogFirstFieldEvent {
        field: '$.hops[].logFirst';
        value: number;
        index: number;
    }
    interface OpenedHopsLogEndFieldEvent {
        field: '$.hops[].logEnd';
        value: number;
        index: number;
    }
    function encode(obj: Partial<Opened>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Opened>): Opened;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Opened>): Generator<OpenedSessionFieldEvent | OpenedEpochFieldEvent | OpenedHopsKvLengthFieldEvent | OpenedHopsLogFirstFieldEvent | OpenedHopsLogEndFieldEvent>;
}
export interface HopState {
    kvLength: number;
    logFirst: number;
    logEnd: number;
}
export declare namespace HopState {
    const codec: () => Codec<HopState>;
    interface HopStateKvLengthFieldEvent {
        field: '$.kvLength';
        value: number;
    }
    interface HopStateLogFirstFieldEvent {
        field: '$.logFirst';
        value: number;
    }
    interface HopStateLogEndFieldEvent {
        field: '$.logEnd';
        value: number;
    }
    function encode(obj: Partial<HopState>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HopState>): HopState;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HopState>): Generator<HopStateKvLengthFieldEvent | HopStateLogFirstFieldEvent | HopStateLogEndFieldEvent>;
}
export interface Step {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
    position: number;
    count: number;
    tokens?: Tokens;
    hidden?: Activation;
    head?: HeadAsk;
    timings: HopTiming[];
    parts: number[];
    promptLeft: number;
}
export declare namespace Step {
    const codec: () => Codec<Step>;
    interface StepSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StepEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface StepNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    interface StepPositionFieldEvent {
        field: '$.position';
        value: number;
    }
    interface StepCountFieldEvent {
        field: '$.count';
        value: number;
    }
    interface StepTokensIdsFieldEvent {
        field: '$.tokens.ids[]';
        index: number;
        value: number;
    }
    interface StepHiddenDtypeFieldEvent {
        field: '$.hidden.dtype';
        value: Dtype;
    }
    interface StepHiddenDataFieldEvent {
        field: '$.hidden.data';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StepHeadRowsFieldEvent {
        field: '$.head.rows';
        value: number;
    }
    interface StepHeadTopKFieldEvent {
        field: '$.head.topK';
        value: number;
    }
    interface StepHeadTemperatureFieldEvent {
        field: '$.head.temperature';
        value: number;
    }
    interface StepHeadExtraIdsFieldEvent {
        field: '$.head.extraIds[]';
        index: number;
        value: number;
    }
    interface StepTimingsQueueUsFieldEvent {
        field: '$.timings[].queueUs';
        value: number;
        index: number;
    }
    interface StepTimingsComputeUsFieldEvent {
        field: '$.timings[].computeUs';
        value: number;
        index: number;
    }
    interface StepPartsFieldEvent {
        field: '$.parts[]';
        index: number;
        value: number;
    }
    interface StepPromptLeftFieldEvent {
        field: '$.promptLeft';
        value: number;
    }
    function encode(obj: Partial<Step>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Step>): Step;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Step>): Generator<StepSessionFieldEvent | StepEpochFieldEvent | StepNumberFieldEvent | StepPositionFieldEvent | StepCountFieldEvent | StepTokensIdsFieldEvent | StepHiddenDtypeFieldEvent | StepHiddenDataFieldEvent | StepHeadRowsFieldEvent | StepHeadTopKFieldEvent | StepHeadTemperatureFieldEvent | StepHeadExtraIdsFieldEvent | StepTimingsQueueUsFieldEvent | StepTimingsComputeUsFieldEvent | StepPartsFieldEvent | StepPromptLeftFieldEvent>;
}
export interface Tokens {
    ids: number[];
}
export declare namespace Tokens {
    const codec: () => Codec<Tokens>;
    interface TokensIdsFieldEvent {
        field: '$.ids[]';
        index: number;
        value: number;
    }
    function encode(obj: Partial<Tokens>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Tokens>): Tokens;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Tokens>): Generator<TokensIdsFieldEvent>;
}
export interface Activation {
    dtype: Dtype;
    data: Uint8Array<ArrayBuffer>;
}
export declare namespace Activation {
    const codec: () => Codec<Activation>;
    interface ActivationDtypeFieldEvent {
        field: '$.dtype';
        value: Dtype;
    }
    interface ActivationDataFieldEvent {
        field: '$.data';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Activation>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Activation>): Activation;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Activation>): Generator<ActivationDtypeFieldEvent | ActivationDataFieldEvent>;
}
export declare enum Dtype {
    DTYPE_F16 = "DTYPE_F16",
    DTYPE_F32 = "DTYPE_F32",
    DTYPE_INT8 = "DTYPE_INT8"
}
export declare namespace Dtype {
    const codec: () => Codec<Dtype>;
}
export interface HeadAsk {
    rows: number;
    topK: number;
    temperature: number;
    extraIds: number[];
}
export declare namespace HeadAsk {
    const codec: () => Codec<HeadAsk>;
    interface HeadAskRowsFieldEvent {
        field: '$.rows';
        value: number;
    }
    interface HeadAskTopKFieldEvent {
        field: '$.topK';
        value: number;
    }
    interface HeadAskTemperatureFieldEvent {
        field: '$.temperature';
        value: number;
    }
    interface HeadAskExtraIdsFieldEvent {
        field: '$.extraIds[]';
        index: number;
        value: number;
    }
    function encode(obj: Partial<HeadAsk>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadAsk>): HeadAsk;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadAsk>): Generator<HeadAskRowsFieldEvent | HeadAskTopKFieldEvent | HeadAskTemperatureFieldEvent | HeadAskExtraIdsFieldEvent>;
}
export interface HopTiming {
    queueUs: number;
    computeUs: number;
}
export declare namespace HopTiming {
    const codec: () => Codec<HopTiming>;
    interface HopTimingQueueUsFieldEvent {
        field: '$.queueUs';
        value: number;
    }
    interface HopTimingComputeUsFieldEvent {
        field: '$.computeUs';
        value: number;
    }
    function encode(obj: Partial<HopTiming>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HopTiming>): HopTiming;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HopTiming>): Generator<HopTimingQueueUsFieldEvent | HopTimingComputeUsFieldEvent>;
}
export interface Answer {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
    position: number;
    count: number;
    rows: HeadRow[];
    timings: HopTiming[];
}
export declare namespace Answer {
    const codec: () => Codec<Answer>;
    interface AnswerSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AnswerEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface AnswerNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    interface AnswerPositionFieldEvent {
        field: '$.position';
        value: number;
    }
    interface AnswerCountFieldEvent {
        field: '$.count';
        value: number;
    }
    interface AnswerRowsIdsFieldEvent {
        field: '$.rows[].ids[]';
        index: number;
        value: number;
    }
    interface AnswerRowsLogitsFieldEvent {
        field: '$.rows[].logits[]';
        index: number;
        value: number;
    }
    interface AnswerRowsExtraLogitsFieldEvent {
        field: '$.rows[].extraLogits[]';
        index: number;
        value: number;
    }
    interface AnswerRowsLogSumExpFieldEvent {
        field: '$.rows[].logSumExp';
        value: number;
        index: number;
    }
    interface AnswerRowsLogSumExpAtTemperatureFieldEvent {
        field: '$.rows[].logSumExpAtTemperature';
        value: number;
        index: number;
    }
    interface AnswerTimingsQueueUsFieldEvent {
        field: '$.timings[].queueUs';
        value: number;
        index: number;
    }
    interface AnswerTimingsComputeUsFieldEvent {
        field: '$.timings[].computeUs';
        value: number;
        index: number;
    }
    function encode(obj: Partial<Answer>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Answer>): Answer;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Answer>): Generator<AnswerSessionFieldEvent | AnswerEpochFieldEvent | AnswerNumberFieldEvent | AnswerPositionFieldEvent | AnswerCountFieldEvent | AnswerRowsIdsFieldEvent | AnswerRowsLogitsFieldEvent | AnswerRowsExtraLogitsFieldEvent | AnswerRowsLogSumExpFieldEvent | AnswerRowsLogSumExpAtTemperatureFieldEvent | AnswerTimingsQueueUsFieldEvent | AnswerTimingsComputeUsFieldEvent>;
}
export interface HeadRow {
    ids: number[];
    logits: number[];
    extraLogits: number[];
    logSumExp: number;
    logSumExpAtTemperature: number;
}
export declare namespace HeadRow {
    const codec: () => Codec<HeadRow>;
    interface HeadRowIdsFieldEvent {
        field: '$.ids[]';
        index: number;
        value: number;
    }
    interface HeadRowLogitsFieldEvent {
        field: '$.logits[]';
        index: number;
        value: number;
    }
    interface HeadRowExtraLogitsFieldEvent {
        field: '$.extraLogits[]';
        index: number;
        value: number;
    }
    interface HeadRowLogSumExpFieldEvent {
        field: '$.logSumExp';
        value: number;
    }
    interface HeadRowLogSumExpAtTemperatureFieldEvent {
        field: '$.logSumExpAtTemperature';
        value: number;
    }
    function encode(obj: Partial<HeadRow>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadRow>): HeadRow;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HeadRow>): Generator<HeadRowIdsFieldEvent | HeadRowLogitsFieldEvent | HeadRowExtraLogitsFieldEvent | HeadRowLogSumExpFieldEvent | HeadRowLogSumExpAtTemperatureFieldEvent>;
}
export interface RowRequest {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
    row: number;
}
export declare namespace RowRequest {
    const codec: () => Codec<RowRequest>;
    interface RowRequestSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface RowRequestEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface RowRequestNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    interface RowRequestRowFieldEvent {
        field: '$.row';
        value: number;
    }
    function encode(obj: Partial<RowRequest>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RowRequest>): RowRequest;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<RowRequest>): Generator<RowRequestSessionFieldEvent | RowRequestEpochFieldEvent | RowRequestNumberFieldEvent | RowRequestRowFieldEvent>;
}
export interface Row {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
    row: number;
    logits: Uint8Array<ArrayBuffer>;
}
export declare namespace Row {
    const codec: () => Codec<Row>;
    interface RowSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface RowEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface RowNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    interface RowRowFieldEvent {
        field: '$.row';
        value: number;
    }
    interface RowLogitsFieldEvent {
        field: '$.logits';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Row>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Row>): Row;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Row>): Generator<RowSessionFieldEvent | RowEpochFieldEvent | RowNumberFieldEvent | RowRowFieldEvent | RowLogitsFieldEvent>;
}
export interface Beat {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
}
export declare namespace Beat {
    const codec: () => Codec<Beat>;
    interface BeatSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface BeatEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    function encode(obj: Partial<Beat>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Beat>): Beat;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Beat>): Generator<BeatSessionFieldEvent | BeatEpochFieldEvent>;
}
export interface Probe {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
}
export declare namespace Probe {
    const codec: () => Codec<Probe>;
    interface ProbeSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ProbeEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface ProbeNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    function encode(obj: Partial<Probe>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Probe>): Probe;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Probe>): Generator<ProbeSessionFieldEvent | ProbeEpochFieldEvent | ProbeNumberFieldEvent>;
}
export interface ProbeReply {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
    hop: number;
    received: number;
    executed: number;
    runMs: number;
    runTokens: number;
    passedOn: boolean;
    dialMs: number;
}
export declare namespace ProbeReply {
    const codec: () => Codec<ProbeReply>;
    interface ProbeReplySessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ProbeReplyEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface ProbeReplyNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    interface ProbeReplyHopFieldEvent {
        field: '$.hop';
        value: number;
    }
    interface ProbeReplyReceivedFieldEvent {
        field: '$.received';
        value: number;
    }
    interface ProbeReplyExecutedFieldEvent {
        field: '$.executed';
        value: number;
    }
    interface ProbeReplyRunMsFieldEvent {
        field: '$.runMs';
        value: number;
    }
    interface ProbeReplyRunTokensFieldEvent {
        field: '$.runTokens';
        value: number;
    }
    interface ProbeReplyPassedOnFieldEvent {
        field: '$.passedOn';
        value: boolean;
    }
    interface ProbeReplyDialMsFieldEvent {
        field: '$.dialMs';
        value: number;
    }
    function encode(obj: Partial<ProbeReply>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ProbeReply>): ProbeReply;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ProbeReply>): Generator<ProbeReplySessionFieldEvent | ProbeReplyEpochFieldEvent | ProbeReplyNumberFieldEvent | ProbeReplyHopFieldEvent | ProbeReplyReceivedFieldEvent | ProbeReplyExecutedFieldEvent | ProbeReplyRunMsFieldEvent | ProbeReplyRunTokensFieldEvent | ProbeReplyPassedOnFieldEvent | ProbeReplyDialMsFieldEvent>;
}
export interface Credit {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
}
export declare namespace Credit {
    const codec: () => Codec<Credit>;
    interface CreditSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface CreditEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface CreditNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    function encode(obj: Partial<Credit>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Credit>): Credit;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Credit>): Generator<CreditSessionFieldEvent | CreditEpochFieldEvent | CreditNumberFieldEvent>;
}
export interface Close {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
}
export declare namespace Close {
    const codec: () => Codec<Close>;
    interface CloseSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface CloseEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    function encode(obj: Partial<Close>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Close>): Close;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Close>): Generator<CloseSessionFieldEvent | CloseEpochFieldEvent>;
}
export interface Failure {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    code: string;
    message: string;
    peer: string;
    retryAfterMs: number;
    have: number;
}
export declare namespace Failure {
    const codec: () => Codec<Failure>;
    interface FailureSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface FailureEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface FailureCodeFieldEvent {
        field: '$.code';
        value: string;
    }
    interface FailureMessageFieldEvent {
        field: '$.message';
        value: string;
    }
    interface FailurePeerFieldEvent {
        field: '$.peer';
        value: string;
    }
    interface FailureRetryAfterMsFieldEvent {
        field: '$.retryAfterMs';
        value: number;
    }
    interface FailureHaveFieldEvent {
        field: '$.have';
        value: number;
    }
    function encode(obj: Partial<Failure>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failure>): Failure;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Failure>): Generator<FailureSessionFieldEvent | FailureEpochFieldEvent | FailureCodeFieldEvent | FailureMessageFieldEvent | FailurePeerFieldEvent | FailureRetryAfterMsFieldEvent | FailureHaveFieldEvent>;
}
export interface AnswerFrame {
    attach?: Attach;
    answer?: Answer;
    rowRequest?: RowRequest;
    row?: Row;
}
export declare namespace AnswerFrame {
    const codec: () => Codec<AnswerFrame>;
    interface AnswerFrameAttachSessionFieldEvent {
        field: '$.attach.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AnswerFrameAttachEpochFieldEvent {
        field: '$.attach.epoch';
        value: number;
    }
    interface AnswerFrameAnswerSessionFieldEvent {
        field: '$.answer.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AnswerFrameAnswerEpochFieldEvent {
        field: '$.answer.epoch';
        value: number;
    }
    interface AnswerFrameAnswerNumberFieldEvent {
        field: '$.answer.number';
        value: number;
    }
    interface AnswerFrameAnswerPositionFieldEvent {
        field: '$.answer.position';
        value: number;
    }
    interface AnswerFrameAnswerCountFieldEvent {
        field: '$.answer.count';
        value: number;
    }
    interface AnswerFrameAnswerRowsIdsFieldEvent {
        field: '$.answer.rows[].ids[]';
        index: number;
        value: number;
    }
    interface AnswerFrameAnswerRowsLogitsFieldEvent {
        field: '$.answer.rows[].logits[]';
        index: number;
        value: number;
    }
    interface AnswerFrameAnswerRowsExtraLogitsFieldEvent {
        field: '$.answer.rows[].extraLogits[]';
        index: number;
        value: number;
    }
    interface AnswerFrameAnswerRowsLogSumExpFieldEvent {
        field: '$.answer.rows[].logSumExp';
        value: number;
        index: number;
    }
    interface AnswerFrameAnswerRowsLogSumExpAtTemperatureFieldEvent {
        field: '$.answer.rows[].logSumExpAtTemperature';
        value: number;
        index: number;
    }
    interface AnswerFrameAnswerTimingsQueueUsFieldEvent {
        field: '$.answer.timings[].queueUs';
        value: number;
        index: number;
    }
    interface AnswerFrameAnswerTimingsComputeUsFieldEvent {
        field: '$.answer.timings[].computeUs';
        value: number;
        index: number;
    }
    interface AnswerFrameRowRequestSessionFieldEvent {
        field: '$.rowRequest.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AnswerFrameRowRequestEpochFieldEvent {
        field: '$.rowRequest.epoch';
        value: number;
    }
    interface AnswerFrameRowRequestNumberFieldEvent {
        field: '$.rowRequest.number';
        value: number;
    }
    interface AnswerFrameRowRequestRowFieldEvent {
        field: '$.rowRequest.row';
        value: number;
    }
    interface AnswerFrameRowSessionFieldEvent {
        field: '$.row.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AnswerFrameRowEpochFieldEvent {
        field: '$.row.epoch';
        value: number;
    }
    interface AnswerFrameRowNumberFieldEvent {
        field: '$.row.number';
        value: number;
    }
    interface AnswerFrameRowRowFieldEvent {
        field: '$.row.row';
        value: number;
    }
    interface AnswerFrameRowLogitsFieldEvent {
        field: '$.row.logits';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<AnswerFrame>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AnswerFrame>): AnswerFrame;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AnswerFrame>): Generator<AnswerFrameAttachSessionFieldEvent | AnswerFrameAttachEpochFieldEvent | AnswerFrameAnswerSessionFieldEvent | AnswerFrameAnswerEpochFieldEvent | AnswerFrameAnswerNumberFieldEvent | AnswerFrameAnswerPositionFieldEvent | AnswerFrameAnswerCountFieldEvent | AnswerFrameAnswerRowsIdsFieldEvent | AnswerFrameAnswerRowsLogitsFieldEvent | AnswerFrameAnswerRowsExtraLogitsFieldEvent | AnswerFrameAnswerRowsLogSumExpFieldEvent | AnswerFrameAnswerRowsLogSumExpAtTemperatureFieldEvent | AnswerFrameAnswerTimingsQueueUsFieldEvent | AnswerFrameAnswerTimingsComputeUsFieldEvent | AnswerFrameRowRequestSessionFieldEvent | AnswerFrameRowRequestEpochFieldEvent | AnswerFrameRowRequestNumberFieldEvent | AnswerFrameRowRequestRowFieldEvent | AnswerFrameRowSessionFieldEvent | AnswerFrameRowEpochFieldEvent | AnswerFrameRowNumberFieldEvent | AnswerFrameRowRowFieldEvent | AnswerFrameRowLogitsFieldEvent>;
}
export interface Attach {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
}
export declare namespace Attach {
    const codec: () => Codec<Attach>;
    interface AttachSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface AttachEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    function encode(obj: Partial<Attach>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Attach>): Attach;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Attach>): Generator<AttachSessionFieldEvent | AttachEpochFieldEvent>;
}
export interface DirectoryFrame {
    announce?: Announce;
    withdraw?: Withdraw;
    query?: Query;
    announced?: Announced;
    found?: Found;
    failure?: Failure;
    listModels?: ListModels;
    models?: Models;
    watch?: Watch;
    gone?: Gone;
}
export declare namespace DirectoryFrame {
    const codec: () => Codec<DirectoryFrame>;
    interface DirectoryFrameAnnounceAnnouncementFieldEvent {
        field: '$.announce.announcement';
        value: Uint8Array<ArrayBuffer>;
    }
    interface DirectoryFrameWithdrawAnnouncementFieldEvent {
        field: '$.withdraw.announcement';
        value: Uint8Array<ArrayBuffer>;
    }
    interface DirectoryFrameQueryModelFieldEvent {
        field: '$.query.model';
        value: Uint8Array<ArrayBuffer>;
    }
    interface DirectoryFrameQueryPerRegionFieldEvent {
        field: '$.query.perRegion';
        value: number;
    }
    interface DirectoryFrameAnnouncedLeaseMsFieldEvent {
        field: '$.announced.leaseMs';
        value: number;
    }
    interface DirectoryFrameFoundEntriesAnnouncementFieldEvent {
        field: '$.found.entries[].announcement';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface DirectoryFrameFoundEntriesAgeMsFieldEvent {
        field: '$.found.entries[].ageMs';
        value: number;
        index: number;
    }
    interface DirectoryFrameFailureSessionFieldEvent {
        field: '$.failure.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface DirectoryFrameFailureEpochFieldEvent {
        field: '$.failure.epoch';
        value: number;
    }
    interface DirectoryFrameFailureCodeFieldEvent {
        field: '$.failure.code';
        value: string;
    }
    interface DirectoryFrameFailureMessageFieldEvent {
        field: '$.failure.message';
        value: string;
    }
    interface DirectoryFrameFailurePeerFieldEvent {
        field: '$.failure.peer';
        value: string;
    }
    interface DirectoryFrameFailureRetryAfterMsFieldEvent {
        field: '$.failure.retryAfterMs';
        value: number;
    }
    interface DirectoryFrameFailureHaveFieldEvent {
        field: '$.failure.have';
        value: number;
    }
    interface DirectoryFrameModelsModelsModelFieldEvent {
        field: '$.models.models[].model';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface DirectoryFrameModelsModelsNameFieldEvent {
        field: '$.models.models[].name';
        value: string;
        index: number;
    }
    interface DirectoryFrameModelsModelsLayersFieldEvent {
        field: '$.models.models[].layers';
        value: number;
        index: number;
    }
    interface DirectoryFrameModelsModelsSourcesFieldEvent {
        field: '$.models.models[].sources[]';
        index: number;
        value: string;
    }
    interface DirectoryFrameModelsModelsManifestsFieldEvent {
        field: '$.models.models[].manifests[]';
        index: number;
        value: string;
    }
    interface DirectoryFrameWatchPeersFieldEvent {
        field: '$.watch.peers[]';
        index: number;
        value: string;
    }
    interface DirectoryFrameGonePeerFieldEvent {
        field: '$.gone.peer';
        value: string;
    }
    function encode(obj: Partial<DirectoryFrame>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DirectoryFrame>): DirectoryFrame;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DirectoryFrame>): Generator<DirectoryFrameAnnounceAnnouncementFieldEvent | DirectoryFrameWithdrawAnnouncementFieldEvent | DirectoryFrameQueryModelFieldEvent | DirectoryFrameQueryPerRegionFieldEvent | DirectoryFrameAnnouncedLeaseMsFieldEvent | DirectoryFrameFoundEntriesAnnouncementFieldEvent | DirectoryFrameFoundEntriesAgeMsFieldEvent | DirectoryFrameFailureSessionFieldEvent | DirectoryFrameFailureEpochFieldEvent | DirectoryFrameFailureCodeFieldEvent | DirectoryFrameFailureMessageFieldEvent | DirectoryFrameFailurePeerFieldEvent | DirectoryFrameFailureRetryAfterMsFieldEvent | DirectoryFrameFailureHaveFieldEvent | DirectoryFrameModelsModelsModelFieldEvent | DirectoryFrameModelsModelsNameFieldEvent | DirectoryFrameModelsModelsLayersFieldEvent | DirectoryFrameModelsModelsSourcesFieldEvent | DirectoryFrameModelsModelsManifestsFieldEvent | DirectoryFrameWatchPeersFieldEvent | DirectoryFrameGonePeerFieldEvent>;
}
export interface Watch {
    peers: string[];
}
export declare namespace Watch {
    const codec: () => Codec<Watch>;
    interface WatchPeersFieldEvent {
        field: '$.peers[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<Watch>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Watch>): Watch;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Watch>): Generator<WatchPeersFieldEvent>;
}
export interface Gone {
    peer: string;
}
export declare namespace Gone {
    const codec: () => Codec<Gone>;
    interface GonePeerFieldEvent {
        field: '$.peer';
        value: string;
    }
    function encode(obj: Partial<Gone>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Gone>): Gone;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Gone>): Generator<GonePeerFieldEvent>;
}
export interface Announce {
    announcement: Uint8Array<ArrayBuffer>;
}
export declare namespace Announce {
    const codec: () => Codec<Announce>;
    interface AnnounceAnnouncementFieldEvent {
        field: '$.announcement';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Announce>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Announce>): Announce;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Announce>): Generator<AnnounceAnnouncementFieldEvent>;
}
export interface Announced {
    leaseMs: number;
}
export declare namespace Announced {
    const codec: () => Codec<Announced>;
    interface AnnouncedLeaseMsFieldEvent {
        field: '$.leaseMs';
        value: number;
    }
    function encode(obj: Partial<Announced>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Announced>): Announced;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Announced>): Generator<AnnouncedLeaseMsFieldEvent>;
}
export interface Withdraw {
    announcement: Uint8Array<ArrayBuffer>;
}
export declare namespace Withdraw {
    const codec: () => Codec<Withdraw>;
    interface WithdrawAnnouncementFieldEvent {
        field: '$.announcement';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<Withdraw>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Withdraw>): Withdraw;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Withdraw>): Generator<WithdrawAnnouncementFieldEvent>;
}
export interface Query {
    model: Uint8Array<ArrayBuffer>;
    perRegion: number;
}
export declare namespace Query {
    const codec: () => Codec<Query>;
    interface QueryModelFieldEvent {
        field: '$.model';
        value: Uint8Array<ArrayBuffer>;
    }
    interface QueryPerRegionFieldEvent {
        field: '$.perRegion';
        value: number;
    }
    function encode(obj: Partial<Query>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Query>): Query;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Query>): Generator<QueryModelFieldEvent | QueryPerRegionFieldEvent>;
}
export interface Found {
    entries: Entry[];
}
export declare namespace Found {
    const codec: () => Codec<Found>;
    interface FoundEntriesAnnouncementFieldEvent {
        field: '$.entries[].announcement';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface FoundEntriesAgeMsFieldEvent {
        field: '$.entries[].ageMs';
        value: number;
        index: number;
    }
    function encode(obj: Partial<Found>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Found>): Found;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Found>): Generator<FoundEntriesAnnouncementFieldEvent | FoundEntriesAgeMsFieldEvent>;
}
export interface Entry {
    announcement: Uint8Array<ArrayBuffer>;
    ageMs: number;
}
export declare namespace Entry {
    const codec: () => Codec<Entry>;
    interface EntryAnnouncementFieldEvent {
        field: '$.announcement';
        value: Uint8Array<ArrayBuffer>;
    }
    interface EntryAgeMsFieldEvent {
        field: '$.ageMs';
        value: number;
    }
    function encode(obj: Partial<Entry>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Entry>): Entry;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Entry>): Generator<EntryAnnouncementFieldEvent | EntryAgeMsFieldEvent>;
}
export interface ListModels {
}
export declare namespace ListModels {
    const codec: () => Codec<ListModels>;
    function encode(obj: Partial<ListModels>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ListModels>): ListModels;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ListModels>): Generator<{}>;
}
export interface Models {
    models: ModelEntry[];
}
export declare namespace Models {
    const codec: () => Codec<Models>;
    interface ModelsModelsModelFieldEvent {
        field: '$.models[].model';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface ModelsModelsNameFieldEvent {
        field: '$.models[].name';
        value: string;
        index: number;
    }
    interface ModelsModelsLayersFieldEvent {
        field: '$.models[].layers';
        value: number;
        index: number;
    }
    interface ModelsModelsSourcesFieldEvent {
        field: '$.models[].sources[]';
        index: number;
        value: string;
    }
    interface ModelsModelsManifestsFieldEvent {
        field: '$.models[].manifests[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<Models>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Models>): Models;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Models>): Generator<ModelsModelsModelFieldEvent | ModelsModelsNameFieldEvent | ModelsModelsLayersFieldEvent | ModelsModelsSourcesFieldEvent | ModelsModelsManifestsFieldEvent>;
}
export interface ModelEntry {
    model: Uint8Array<ArrayBuffer>;
    name: string;
    layers: number;
    sources: string[];
    manifests: string[];
}
export declare namespace ModelEntry {
    const codec: () => Codec<ModelEntry>;
    interface ModelEntryModelFieldEvent {
        field: '$.model';
        value: Uint8Array<ArrayBuffer>;
    }
    interface ModelEntryNameFieldEvent {
        field: '$.name';
        value: string;
    }
    interface ModelEntryLayersFieldEvent {
        field: '$.layers';
        value: number;
    }
    interface ModelEntrySourcesFieldEvent {
        field: '$.sources[]';
        index: number;
        value: string;
    }
    interface ModelEntryManifestsFieldEvent {
        field: '$.manifests[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<ModelEntry>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelEntry>): ModelEntry;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<ModelEntry>): Generator<ModelEntryModelFieldEvent | ModelEntryNameFieldEvent | ModelEntryLayersFieldEvent | ModelEntrySourcesFieldEvent | ModelEntryManifestsFieldEvent>;
}
export interface GossipFrame {
    announce?: Announce;
    renewals?: Renewals;
    directoryNode?: DirectoryNode;
}
export declare namespace GossipFrame {
    const codec: () => Codec<GossipFrame>;
    interface GossipFrameAnnounceAnnouncementFieldEvent {
        field: '$.announce.announcement';
        value: Uint8Array<ArrayBuffer>;
    }
    interface GossipFrameRenewalsRenewalsPeerFieldEvent {
        field: '$.renewals.renewals[].peer';
        value: string;
        index: number;
    }
    interface GossipFrameRenewalsRenewalsSequenceFieldEvent {
        field: '$.renewals.renewals[].sequence';
        value: bigint;
        index: number;
    }
    interface GossipFrameDirectoryNodeAddressesFieldEvent {
        field: '$.directoryNode.addresses[]';
        index: number;
        value: string;
    }
    interface GossipFrameDirectoryNodeModelsModelFieldEvent {
        field: '$.directoryNode.models[].model';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface GossipFrameDirectoryNodeModelsNameFieldEvent {
        field: '$.directoryNode.models[].name';
        value: string;
        index: number;
    }
    interface GossipFrameDirectoryNodeModelsLayersFieldEvent {
        field: '$.directoryNode.models[].layers';
        value: number;
        index: number;
    }
    interface GossipFrameDirectoryNodeModelsSourcesFieldEvent {
        field: '$.directoryNode.models[].sources[]';
        index: number;
        value: string;
    }
    interface GossipFrameDirectoryNodeModelsManifestsFieldEvent {
        field: '$.directoryNode.models[].manifests[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<GossipFrame>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<GossipFrame>): GossipFrame;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<GossipFrame>): Generator<GossipFrameAnnounceAnnouncementFieldEvent | GossipFrameRenewalsRenewalsPeerFieldEvent | GossipFrameRenewalsRenewalsSequenceFieldEvent | GossipFrameDirectoryNodeAddressesFieldEvent | GossipFrameDirectoryNodeModelsModelFieldEvent | GossipFrameDirectoryNodeModelsNameFieldEvent | GossipFrameDirectoryNodeModelsLayersFieldEvent | GossipFrameDirectoryNodeModelsSourcesFieldEvent | GossipFrameDirectoryNodeModelsManifestsFieldEvent>;
}
export interface Renewals {
    renewals: Renewal[];
}
export declare namespace Renewals {
    const codec: () => Codec<Renewals>;
    interface RenewalsRenewalsPeerFieldEvent {
        field: '$.renewals[].peer';
        value: string;
        index: number;
    }
    interface RenewalsRenewalsSequenceFieldEvent {
        field: '$.renewals[].sequence';
        value: bigint;
        index: number;
    }
    function encode(obj: Partial<Renewals>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Renewals>): Renewals;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Renewals>): Generator<RenewalsRenewalsPeerFieldEvent | RenewalsRenewalsSequenceFieldEvent>;
}
export interface Renewal {
    peer: string;
    sequence: bigint;
}
export declare namespace Renewal {
    const codec: () => Codec<Renewal>;
    interface RenewalPeerFieldEvent {
        field: '$.peer';
        value: string;
    }
    interface RenewalSequenceFieldEvent {
        field: '$.sequence';
        value: bigint;
    }
    function encode(obj: Partial<Renewal>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Renewal>): Renewal;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Renewal>): Generator<RenewalPeerFieldEvent | RenewalSequenceFieldEvent>;
}
export interface DirectoryNode {
    addresses: string[];
    models: ModelEntry[];
}
export declare namespace DirectoryNode {
    const codec: () => Codec<DirectoryNode>;
    interface DirectoryNodeAddressesFieldEvent {
        field: '$.addresses[]';
        index: number;
        value: string;
    }
    interface DirectoryNodeModelsModelFieldEvent {
        field: '$.models[].model';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface DirectoryNodeModelsNameFieldEvent {
        field: '$.models[].name';
        value: string;
        index: number;
    }
    interface DirectoryNodeModelsLayersFieldEvent {
        field: '$.models[].layers';
        value: number;
        index: number;
    }
    interface DirectoryNodeModelsSourcesFieldEvent {
        field: '$.models[].sources[]';
        index: number;
        value: string;
    }
    interface DirectoryNodeModelsManifestsFieldEvent {
        field: '$.models[].manifests[]';
        index: number;
        value: string;
    }
    function encode(obj: Partial<DirectoryNode>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DirectoryNode>): DirectoryNode;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<DirectoryNode>): Generator<DirectoryNodeAddressesFieldEvent | DirectoryNodeModelsModelFieldEvent | DirectoryNodeModelsNameFieldEvent | DirectoryNodeModelsLayersFieldEvent | DirectoryNodeModelsSourcesFieldEvent | DirectoryNodeModelsManifestsFieldEvent>;
}
export interface StandbyFrame {
    open?: Open;
    part?: KvPart;
    beat?: Beat;
    close?: Close;
    held?: KvHeld;
    failure?: Failure;
}
export declare namespace StandbyFrame {
    const codec: () => Codec<StandbyFrame>;
    interface StandbyFrameOpenPlanFieldEvent {
        field: '$.open.plan';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFrameOpenPublicKeyFieldEvent {
        field: '$.open.publicKey';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFrameOpenSignatureFieldEvent {
        field: '$.open.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFramePartSessionFieldEvent {
        field: '$.part.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFramePartEpochFieldEvent {
        field: '$.part.epoch';
        value: number;
    }
    interface StandbyFramePartNumberFieldEvent {
        field: '$.part.number';
        value: number;
    }
    interface StandbyFramePartPositionFieldEvent {
        field: '$.part.position';
        value: number;
    }
    interface StandbyFramePartCountFieldEvent {
        field: '$.part.count';
        value: number;
    }
    interface StandbyFramePartDataFieldEvent {
        field: '$.part.data';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFrameBeatSessionFieldEvent {
        field: '$.beat.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFrameBeatEpochFieldEvent {
        field: '$.beat.epoch';
        value: number;
    }
    interface StandbyFrameCloseSessionFieldEvent {
        field: '$.close.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFrameCloseEpochFieldEvent {
        field: '$.close.epoch';
        value: number;
    }
    interface StandbyFrameHeldSessionFieldEvent {
        field: '$.held.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFrameHeldEpochFieldEvent {
        field: '$.held.epoch';
        value: number;
    }
    interface StandbyFrameHeldNumberFieldEvent {
        field: '$.held.number';
        value: number;
    }
    interface StandbyFrameHeldPositionFieldEvent {
        field: '$.held.position';
        value: number;
    }
    interface StandbyFrameFailureSessionFieldEvent {
        field: '$.failure.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface StandbyFrameFailureEpochFieldEvent {
        field: '$.failure.epoch';
        value: number;
    }
    interface StandbyFrameFailureCodeFieldEvent {
        field: '$.failure.code';
        value: string;
    }
    interface StandbyFrameFailureMessageFieldEvent {
        field: '$.failure.message';
        value: string;
    }
    interface StandbyFrameFailurePeerFieldEvent {
        field: '$.failure.peer';
        value: string;
    }
    interface StandbyFrameFailureRetryAfterMsFieldEvent {
        field: '$.failure.retryAfterMs';
        value: number;
    }
    interface StandbyFrameFailureHaveFieldEvent {
        field: '$.failure.have';
        value: number;
    }
    function encode(obj: Partial<StandbyFrame>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StandbyFrame>): StandbyFrame;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<StandbyFrame>): Generator<StandbyFrameOpenPlanFieldEvent | StandbyFrameOpenPublicKeyFieldEvent | StandbyFrameOpenSignatureFieldEvent | StandbyFramePartSessionFieldEvent | StandbyFramePartEpochFieldEvent | StandbyFramePartNumberFieldEvent | StandbyFramePartPositionFieldEvent | StandbyFramePartCountFieldEvent | StandbyFramePartDataFieldEvent | StandbyFrameBeatSessionFieldEvent | StandbyFrameBeatEpochFieldEvent | StandbyFrameCloseSessionFieldEvent | StandbyFrameCloseEpochFieldEvent | StandbyFrameHeldSessionFieldEvent | StandbyFrameHeldEpochFieldEvent | StandbyFrameHeldNumberFieldEvent | StandbyFrameHeldPositionFieldEvent | StandbyFrameFailureSessionFieldEvent | StandbyFrameFailureEpochFieldEvent | StandbyFrameFailureCodeFieldEvent | StandbyFrameFailureMessageFieldEvent | StandbyFrameFailurePeerFieldEvent | StandbyFrameFailureRetryAfterMsFieldEvent | StandbyFrameFailureHaveFieldEvent>;
}
export interface KvPart {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
    position: number;
    count: number;
    data: Uint8Array<ArrayBuffer>;
}
export declare namespace KvPart {
    const codec: () => Codec<KvPart>;
    interface KvPartSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface KvPartEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface KvPartNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    interface KvPartPositionFieldEvent {
        field: '$.position';
        value: number;
    }
    interface KvPartCountFieldEvent {
        field: '$.count';
        value: number;
    }
    interface KvPartDataFieldEvent {
        field: '$.data';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<KvPart>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<KvPart>): KvPart;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<KvPart>): Generator<KvPartSessionFieldEvent | KvPartEpochFieldEvent | KvPartNumberFieldEvent | KvPartPositionFieldEvent | KvPartCountFieldEvent | KvPartDataFieldEvent>;
}
export interface KvHeld {
    session: Uint8Array<ArrayBuffer>;
    epoch: number;
    number: number;
    position: number;
}
export declare namespace KvHeld {
    const codec: () => Codec<KvHeld>;
    interface KvHeldSessionFieldEvent {
        field: '$.session';
        value: Uint8Array<ArrayBuffer>;
    }
    interface KvHeldEpochFieldEvent {
        field: '$.epoch';
        value: number;
    }
    interface KvHeldNumberFieldEvent {
        field: '$.number';
        value: number;
    }
    interface KvHeldPositionFieldEvent {
        field: '$.position';
        value: number;
    }
    function encode(obj: Partial<KvHeld>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<KvHeld>): KvHeld;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<KvHeld>): Generator<KvHeldSessionFieldEvent | KvHeldEpochFieldEvent | KvHeldNumberFieldEvent | KvHeldPositionFieldEvent>;
}
