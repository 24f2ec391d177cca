// Verdicts prints what kubectl says of workloads: one JSON object a line in, one JSON answer a line out.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kubectl/pkg/polymorphichelpers"
)

// answer is what `kubectl rollout status` goes by: it prints Text, ends with 0 at Done and with 1 at Error.
type answer struct {
	Text  string `json:"text"`
	Done  bool   `json:"done"`
	Error string `json:"error"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	objects, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var object unstructured.Unstructured
		if err := objects.Decode(&object.Object); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		viewer, err := polymorphichelpers.StatusViewerFor(object.GroupVersionKind().GroupKind())
		if err != nil {
			return err
		}
		text, done, err := viewer.Status(&object, 0)
		said := answer{Text: text, Done: done}
		if err != nil {
			said.Error = err.Error()
		}
		if err := answers.Encode(said); err != nil {
			return err
		}
	}
}
