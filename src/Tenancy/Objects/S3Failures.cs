using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Amazon.Runtime;
using Amazon.S3;
using Saga.Contracts.Failures;

namespace Saga.Tenancy.Objects;

/// <summary>Maps errors of the S3 client to codes and kinds.</summary>
public static partial class S3Failures
{
    public const string System = "s3";

    public static async Task<T> RunAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception error) when (IsFailure(error, cancellationToken))
        {
            throw Translate(error);
        }
    }

    /// <summary>The object, bucket, upload or document does not exist.</summary>
    public static bool IsMissing(AmazonS3Exception error) => error.StatusCode == HttpStatusCode.NotFound;

    /// <summary>The server does not support the request.</summary>
    public static bool IsUnsupported(AmazonS3Exception error) =>
        error.ErrorCode is "NotImplemented" or "MethodNotAllowed" || error.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.MethodNotAllowed;

    /// <summary>True for everything except the caller's own cancellation and errors that are already translated.</summary>
    public static bool IsFailure(Exception error, CancellationToken cancellationToken) => error switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        AmazonClientException or AmazonServiceException or HttpRequestException or TimeoutException or SocketException or IOException or WebException => true,
        _ => false,
    };

    public static ObjectStoreException Translate(Exception error)
    {
        if (error is not AmazonServiceException service)
            return new(System, "s3-unavailable", $"The S3 server is unavailable: {error.Message}", FailureKind.Outage, error);
        var kind = FailureKinds.OfS3(service.ErrorCode, (int)service.StatusCode);
        return kind switch
        {
            FailureKind.Permanent => new(
                System, "s3-" + Kebab(service.ErrorCode ?? service.StatusCode.ToString()),
                $"The S3 server refused with {(int)service.StatusCode} {service.ErrorCode}: {service.Message}", kind, error),
            FailureKind.Overload => new(System, "s3-busy", $"The S3 server is overloaded: {service.Message}", kind, error),
            FailureKind.Transient => new(
                System, (int)service.StatusCode >= 500 ? "s3-server-error" : "s3-failed",
                $"The S3 server answered {(int)service.StatusCode} {service.ErrorCode}: {service.Message}", kind, error),
            _ => new(System, "s3-unavailable", $"The S3 server is unavailable: {service.Message}", kind, error),
        };
    }

    private static string Kebab(string name) => Word().Replace(name, "-$0").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])[A-Z]", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Word();
}
