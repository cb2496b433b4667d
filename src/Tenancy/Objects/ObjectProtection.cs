namespace Saga.Tenancy.Objects;

/// <summary>How a store protects an object, as the store says it.</summary>
public sealed record ObjectProtection
{
    /// <summary>The platform's lifecycle rule that ends former versions.</summary>
    internal const string VersionRuleId = "saga-expire-former-versions";

    /// <summary>Whether what is replaced or deleted is kept as a version; null when the store has no versions.</summary>
    public bool? KeepsVersions { get; init; }

    /// <summary>For how many days former versions are kept; null when they are kept indefinitely, or when the store has no lifecycles.</summary>
    public int? NoncurrentDays { get; init; }

    /// <summary>The lifecycle rule that ends them then, if it is not the platform's.</summary>
    public string? ForeignRule { get; init; }

    /// <summary>How the object is encrypted, as <see cref="S3StorageOptions.Encryption"/> has it: <c>none</c>, <c>s3</c> or <c>kms:</c> and the key.</summary>
    public string Encryption { get; init; } = S3StorageOptions.NoEncryption;
}
