// Endpoints prints which endpoints kube-proxy would use: one JSON question a line in, one JSON answer a line out.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	v1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/proxy"
)

// question is a Service with its EndpointSlices, and the node on which kube-proxy runs.
type question struct {
	Service v1.Service                `json:"service"`
	Slices  []discovery.EndpointSlice `json:"slices"`
	Node    string                    `json:"node"`
	Zone    string                    `json:"zone"`
	Family  v1.IPFamily               `json:"family"`
}

// answer holds addresses for one port. A nil list stands for a traffic policy that is never used.
type answer struct {
	Port     string   `json:"port"`
	Protocol string   `json:"protocol"`
	Outside  bool     `json:"outside"`
	Cluster  []string `json:"cluster"`
	Local    []string `json:"local"`
	Anywhere bool     `json:"anywhere"`
}

func main() {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	_ = flags.Set("logtostderr", "false")
	klog.SetOutput(io.Discard)
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	questions, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var asked question
		if err := questions.Decode(&asked); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := answers.Encode(decide(&asked)); err != nil {
			return err
		}
	}
}

func decide(asked *question) []answer {
	services, endpoints := proxy.ServicePortMap{}, proxy.EndpointsMap{}
	serviceChanges := proxy.NewServiceChangeTracker(asked.Family, nil, nil)
	serviceChanges.Update(nil, &asked.Service)
	services.Update(serviceChanges)
	endpointChanges := proxy.NewEndpointsChangeTracker(asked.Family, asked.Node, nil, nil)
	for i := range asked.Slices {
		endpointChanges.EndpointSliceUpdate(&asked.Slices[i], false)
	}
	endpoints.Update(endpointChanges)
	labels := map[string]string{v1.LabelTopologyZone: asked.Zone}
	answers := []answer{}
	for name, port := range services {
		cluster, local, _, anywhere := proxy.CategorizeEndpoints(endpoints[name], port, asked.Node, labels)
		answers = append(answers, answer{
			Port:     name.Port,
			Protocol: string(name.Protocol),
			Outside:  port.ExternallyAccessible(),
			Cluster:  addresses(cluster),
			Local:    addresses(local),
			Anywhere: anywhere,
		})
	}
	return answers
}

func addresses(endpoints []proxy.Endpoint) []string {
	if endpoints == nil {
		return nil
	}
	found := []string{}
	for _, one := range endpoints {
		found = append(found, one.IP())
	}
	return found
}
