namespace Saga.Tenancy.Sealing;

internal enum EnvelopeResult
{
    Opened,

    /// <summary>Sealed with a key that is not this one.</summary>
    OtherKey,

    /// <summary>The bytes or the associated data are not those that were sealed.</summary>
    Refused,

    /// <summary>Not an envelope of a known version.</summary>
    Malformed,
}
