namespace Saga.Host.Startup;

/// <summary>What the host brings along. Key <c>Saga:Mode</c>.</summary>
public enum HostMode
{
    /// <summary>Everything embedded: one process and a private PostgreSQL. For trying out and for tests.</summary>
    Embedded,

    /// <summary>RabbitMQ, Redis and S3 as private processes of the host, the rest embedded; on this machine only. For trying out.</summary>
    Local,

    /// <summary>Every external system by address; nothing embedded.</summary>
    Real,
}
