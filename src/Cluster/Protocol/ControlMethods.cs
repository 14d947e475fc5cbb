using Minka.Cluster.Protocol.Framing;

namespace Minka.Cluster.Protocol;

/// <summary>The methods of <c>control.proto</c> and their paths.</summary>
internal static class ControlMethods
{
    private const string Service = "/minka.control.v1.Control/";

    public const string Hello = Service + "Hello";
    public const string Probe = Service + "Probe";
    public const string LoadSlices = Service + "LoadSlices";
    public const string ReadSlices = Service + "ReadSlices";
    public const string Start = Service + "Start";
    public const string Stop = Service + "Stop";
    public const string Drain = Service + "Drain";
    public const string Status = Service + "Status";
    public const string Watch = Service + "Watch";
    public const string Trace = Service + "Trace";

    public static IReadOnlyDictionary<string, GrpcMethod> Of(IControl control) => new GrpcMethod[]
    {
        GrpcMethod.Unary(Hello, HelloRequest.Parser, control.HelloAsync),
        GrpcMethod.Unary(Probe, ProbeRequest.Parser, control.ProbeAsync),
        GrpcMethod.ClientStream(LoadSlices, LoadSlicesRequest.Parser, control.LoadSlicesAsync),
        GrpcMethod.ServerStream(ReadSlices, ReadSlicesRequest.Parser, control.ReadSlicesAsync),
        GrpcMethod.Unary(Start, StartRequest.Parser, control.StartAsync),
        GrpcMethod.Unary(Stop, StopRequest.Parser, control.StopAsync),
        GrpcMethod.Unary(Drain, DrainRequest.Parser, control.DrainAsync),
        GrpcMethod.Unary(Status, StatusRequest.Parser, control.StatusAsync),
        GrpcMethod.ServerStream(Watch, WatchRequest.Parser, control.WatchAsync),
        GrpcMethod.ServerStream(Trace, TraceRequest.Parser, control.TraceAsync),
    }.ToDictionary(method => method.Path, StringComparer.Ordinal);
}
