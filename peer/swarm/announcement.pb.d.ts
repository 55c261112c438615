// Generated from announcement.proto by `npm run protos`. Do not edit.
import type { Codec, DecodeOptions } from 'protons-runtime';
import type { Uint8ArrayList } from 'uint8arraylist';
export interface SignedAnnouncement {
    payload: Uint8Array<ArrayBuffer>;
    publicKey: Uint8Array<ArrayBuffer>;
    signature: Uint8Array<ArrayBuffer>;
}
export declare namespace SignedAnnouncement {
    const codec: () => Codec<SignedAnnouncement>;
    interface SignedAnnouncementPayloadFieldEvent {
        field: '$.payload';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedAnnouncementPublicKeyFieldEvent {
        field: '$.publicKey';
        value: Uint8Array<ArrayBuffer>;
    }
    interface SignedAnnouncementSignatureFieldEvent {
        field: '$.signature';
        value: Uint8Array<ArrayBuffer>;
    }
    function encode(obj: Partial<SignedAnnouncement>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedAnnouncement>): SignedAnnouncement;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedAnnouncement>): Generator<SignedAnnouncementPayloadFieldEvent | SignedAnnouncementPublicKeyFieldEvent | SignedAnnouncementSignatureFieldEvent>;
}
export interface SignedFields {
    peer: string;
    sequence: bigint;
    addresses: string[];
    agent: Agent;
    adapter: string;
    offers: Offer[];
    watts?: number;
}
export declare namespace SignedFields {
    const codec: () => Codec<SignedFields>;
    interface SignedFieldsPeerFieldEvent {
        field: '$.peer';
        value: string;
    }
    interface SignedFieldsSequenceFieldEvent {
        field: '$.sequence';
        value: bigint;
    }
    interface SignedFieldsAddressesFieldEvent {
        field: '$.addresses[]';
        index: number;
        value: string;
    }
    interface SignedFieldsAgentFieldEvent {
        field: '$.agent';
        value: Agent;
    }
    interface SignedFieldsAdapterFieldEvent {
        field: '$.adapter';
        value: string;
    }
    interface SignedFieldsOffersModelFieldEvent {
        field: '$.offers[].model';
        value: Uint8Array<ArrayBuffer>;
        index: number;
    }
    interface SignedFieldsOffersLayersFieldEvent {
        field: '$.offers[].layers';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersFirstLayerFieldEvent {
        field: '$.offers[].firstLayer';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersEndLayerFieldEvent {
        field: '$.offers[].endLayer';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersStateFieldEvent {
        field: '$.offers[].state';
        value: OfferState;
        index: number;
    }
    interface SignedFieldsOffersNumericsFieldEvent {
        field: '$.offers[].numerics';
        value: string;
        index: number;
    }
    interface SignedFieldsOffersPrefillRateFieldEvent {
        field: '$.offers[].prefillRate';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersDecodeRateFieldEvent {
        field: '$.offers[].decodeRate';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersFreeKvTokensFieldEvent {
        field: '$.offers[].freeKvTokens';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersQueueMsFieldEvent {
        field: '$.offers[].queueMs';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersSessionsFieldEvent {
        field: '$.offers[].sessions';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersMovableFieldEvent {
        field: '$.offers[].movable';
        value: boolean;
        index: number;
    }
    interface SignedFieldsOffersLeavingFieldEvent {
        field: '$.offers[].leaving';
        value: boolean;
        index: number;
    }
    interface SignedFieldsOffersDemandFieldEvent {
        field: '$.offers[].demand';
        value: number;
        index: number;
    }
    interface SignedFieldsOffersInt8FieldEvent {
        field: '$.offers[].int8';
        value: boolean;
        index: number;
    }
    interface SignedFieldsOffersRoamsFieldEvent {
        field: '$.offers[].roams';
        value: boolean;
        index: number;
    }
    interface SignedFieldsWattsFieldEvent {
        field: '$.watts';
        value: number;
    }
    function encode(obj: Partial<SignedFields>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedFields>): SignedFields;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<SignedFields>): Generator<SignedFieldsPeerFieldEvent | SignedFieldsSequenceFieldEvent | SignedFieldsAddressesFieldEvent | SignedFieldsAgentFieldEvent | SignedFieldsAdapterFieldEvent | SignedFieldsOffersModelFieldEvent | SignedFieldsOffersLayersFieldEvent | SignedFieldsOffersFirstLayerFieldEvent | SignedFieldsOffersEndLayerFieldEvent | SignedFieldsOffersStateFieldEvent | SignedFieldsOffersNumericsFieldEvent | SignedFieldsOffersPrefillRateFieldEvent | SignedFieldsOffersDecodeRateFieldEvent | SignedFieldsOffersFreeKvTokensFieldEvent | SignedFieldsOffersQueueMsFieldEvent | SignedFieldsOffersSessionsFieldEvent | SignedFieldsOffersMovableFieldEvent | SignedFieldsOffersLeavingFieldEvent | SignedFieldsOffersDemandFieldEvent | SignedFieldsOffersInt8FieldEvent | SignedFieldsOffersRoamsFieldEvent | SignedFieldsWattsFieldEvent>;
}
export declare enum Agent {
    NODE = "NODE",
    TAB = "TAB"
}
export declare namespace Agent {
    const codec: () => Codec<Agent>;
}
export declare enum OfferState {
    LOADING = "LOADING",
    SERVING = "SERVING"
}
export declare namespace OfferState {
    const codec: () => Codec<OfferState>;
}
export interface Offer {
    model: Uint8Array<ArrayBuffer>;
    layers: number;
    firstLayer: number;
    endLayer: number;
    state: OfferState;
    numerics: string;
    prefillRate: number;
    decodeRate: number;
    freeKvTokens: number;
    queueMs: number;
    sessions?: number;
    movable: boolean;
    leaving: boolean;
    demand: number;
    int8: boolean;
    roams: boolean;
}
export declare namespace Offer {
    const codec: () => Codec<Offer>;
    interface OfferModelFieldEvent {
        field: '$.model';
        value: Uint8Array<ArrayBuffer>;
    }
    interface OfferLayersFieldEvent {
        field: '$.layers';
        value: number;
    }
    interface OfferFirstLayerFieldEvent {
        field: '$.firstLayer';
        value: number;
    }
    interface OfferEndLayerFieldEvent {
        field: '$.endLayer';
        value: number;
    }
    interface OfferStateFieldEvent {
        field: '$.state';
        value: OfferState;
    }
    interface OfferNumericsFieldEvent {
        field: '$.numerics';
        value: string;
    }
    interface OfferPrefillRateFieldEvent {
        field: '$.prefillRate';
        value: number;
    }
    interface OfferDecodeRateFieldEvent {
        field: '$.decodeRate';
        value: number;
    }
    interface OfferFreeKvTokensFieldEvent {
        field: '$.freeKvTokens';
        value: number;
    }
    interface OfferQueueMsFieldEvent {
        field: '$.queueMs';
        value: number;
    }
    interface OfferSessionsFieldEvent {
        field: '$.sessions';
        value: number;
    }
    interface OfferMovableFieldEvent {
        field: '$.movable';
        value: boolean;
    }
    interface OfferLeavingFieldEvent {
        field: '$.leaving';
        value: boolean;
    }
    interface OfferDemandFieldEvent {
        field: '$.demand';
        value: number;
    }
    interface OfferInt8FieldEvent {
        field: '$.int8';
        value: boolean;
    }
    interface OfferRoamsFieldEvent {
        field: '$.roams';
        value: boolean;
    }
    function encode(obj: Partial<Offer>): Uint8Array<ArrayBuffer>;
    function decode(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Offer>): Offer;
    function stream(buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Offer>): Generator<OfferModelFieldEvent | OfferLayersFieldEvent | OfferFirstLayerFieldEvent | OfferEndLayerFieldEvent | OfferStateFieldEvent | OfferNumericsFieldEvent | OfferPrefillRateFieldEvent | OfferDecodeRateFieldEvent | OfferFreeKvTokensFieldEvent | OfferQueueMsFieldEvent | OfferSessionsFieldEvent | OfferMovableFieldEvent | OfferLeavingFieldEvent | OfferDemandFieldEvent | OfferInt8FieldEvent | OfferRoamsFieldEvent>;
}
