namespace Saga.Tenancy.Sealing;

internal enum EnvelopeResult
{
    Opened,

    /// <summary>Sealed with a different key.</summary>
    OtherKey,

    /// <summary>The bytes or the associated data have changed since sealing.</summary>
    Refused,

    /// <summary>Not an envelope of a known version.</summary>
    Malformed,
}
