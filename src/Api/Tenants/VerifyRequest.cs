namespace Saga.Api.Tenants;

/// <summary>The body of POST /api/v1/tenants/{idOrSlug}/verify, for the OpenAPI document: an empty object.</summary>
public sealed record VerifyRequest;
