using Amazon.S3;
using Amazon.S3.Model;

namespace Saga.Tenancy.Objects;

/// <summary>Server-side encryption, asked for with every object that is written.</summary>
/// <param name="Method">Null when the server decides.</param>
/// <param name="Key">The key of the key management service; null for the server's own.</param>
public sealed record S3Encryption(ServerSideEncryptionMethod? Method, string? Key)
{
    private const string KmsPrefix = "kms:";

    /// <summary>The value of <see cref="S3StorageOptions.Encryption"/>; null when it is none.</summary>
    public static S3Encryption? Parse(string text) => text switch
    {
        S3StorageOptions.NoEncryption => new(null, null),
        S3StorageOptions.ServersEncryption => new(ServerSideEncryptionMethod.AES256, null),
        _ when text.StartsWith(KmsPrefix, StringComparison.Ordinal) && text.Length > KmsPrefix.Length && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) =>
            new(ServerSideEncryptionMethod.AWSKMS, text[KmsPrefix.Length..]),
        _ => null,
    };

    /// <summary>How the server says that an object is encrypted, in the words of <see cref="S3StorageOptions.Encryption"/>.</summary>
    public static string Describe(ServerSideEncryptionMethod? method, string? key) =>
        method == ServerSideEncryptionMethod.AWSKMS ? KmsPrefix + key
        : method == ServerSideEncryptionMethod.AES256 ? S3StorageOptions.ServersEncryption
        : method is null || method == ServerSideEncryptionMethod.None ? S3StorageOptions.NoEncryption
        : method.Value;

    public void ApplyTo(PutObjectRequest request)
    {
        if (Method is not null)
            (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = (Method, Key);
    }

    public void ApplyTo(InitiateMultipartUploadRequest request)
    {
        if (Method is not null)
            (request.ServerSideEncryptionMethod, request.ServerSideEncryptionKeyManagementServiceKeyId) = (Method, Key);
    }

    /// <summary>Whether an object is encrypted as configured. Without a method the server may encrypt as it likes. Amazon names a key by its ARN.</summary>
    public bool IsKeptBy(string described) =>
        Method is null || described == Describe(Method, Key) || (Key is not null && described.StartsWith(KmsPrefix, StringComparison.Ordinal) && described.EndsWith("/" + Key, StringComparison.Ordinal));
}
