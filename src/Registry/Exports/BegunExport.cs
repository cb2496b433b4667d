namespace Saga.Registry.Exports;

/// <summary>What the steps of an export need to know about it.</summary>
// A class with setters, because a record's constructor would have to match the driver's types.
public sealed class BegunExport
{
    public Guid Id { get; init; }

    public string State { get; init; } = "";

    public bool IsRunning => State == "running";

    public string[] DataTypes { get; init; } = [];

    public string Format { get; init; } = "";

    public string? UserId { get; init; }

    public string? File { get; init; }

    public long? Bytes { get; init; }

    public byte[]? Sha256 { get; init; }

    public DateTime? ExpiresAt { get; init; }
}
