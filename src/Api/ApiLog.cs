using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Saga.Api;

/// <summary>The API's log lines. Ids 1000 to 1099. They never contain a token, a body or a query.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(1000, LogLevel.Warning, "{Method} {Path}: the registry is unavailable: {Reason}")]
    public static partial void RegistryUnavailable(ILogger log, string method, PathString path, string reason);

    [LoggerMessage(1001, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void Unhandled(ILogger log, string method, PathString path, Exception error);

    [LoggerMessage(1002, LogLevel.Information, "{Method} {Path} answered {Status} in {Milliseconds} ms, caller {Caller}")]
    public static partial void Answered(ILogger log, string method, PathString path, int status, long milliseconds, string? caller);

    [LoggerMessage(1003, LogLevel.Information, "Token refused: {Reason}")]
    public static partial void TokenRefused(ILogger log, string reason);

    [LoggerMessage(1004, LogLevel.Warning, "The keys of {Authority} could not be read: {Reason}")]
    public static partial void KeysUnavailable(ILogger log, string authority, string reason);

    [LoggerMessage(1005, LogLevel.Information, "Loaded {Count} signing keys of {Authority}")]
    public static partial void KeysTaken(ILogger log, int count, string authority);

    [LoggerMessage(1006, LogLevel.Warning, "Histories could not be read; their streams wait: {Reason}")]
    public static partial void HistoriesUnavailable(ILogger log, string reason);
}
